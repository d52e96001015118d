"""`/api/projects/{project}/blocks` and one block."""

from functools import partial
from itertools import islice
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import Invalid, NotFound
from projections.blocks import queries
from projections.ports import Session
from read_api.documents import Subject
from read_api.live.hub import TREE
from read_api.moments import Moment, deck_at, moment_of
from read_api.parameters import Cursors, Parameters, path_id
from read_api.responses import body_tag, page_body
from read_api.routes.guarding import guarded
from read_api.side import Reading

LIST = "blocks"
LIST_THEN = "blocks then"
# The most blocks that a project has.
WHOLE = 2_000


async def _load_one(
    session: Session, partition: int, project_id: UUID, block_id: UUID
) -> tuple[int, bytes | None]:
    as_of, row = await queries.find(session, partition, project_id, block_id)
    return as_of, orjson.dumps(queries.document(row)) if row else None


async def _load_page(
    session: Session,
    *,
    partition: int,
    project_id: UUID,
    cursors: Cursors,
    block_type: str | None,
    after: str | None,
    limit: int,
) -> tuple[int, bytes]:
    if limit == WHOLE and block_type is None and after is None:
        as_of, found = await queries.whole_tree(session, partition, project_id)
        if len(found) <= WHOLE:
            return as_of, page_body(found, None)
    as_of, found, end = await queries.tree_documents(
        session, partition, project_id, block_type=block_type, after=after, limit=limit
    )
    cursor = cursors.encode(LIST, end) if end is not None else None
    return as_of, page_body(found, cursor)


class BlockQueries:
    """One block, and all blocks of a project in tree order."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._keys = reading.side.keys(reading.epoch)

    async def one(self, request: Request) -> Response:
        """Answer a block, deleted ones included."""
        reading = self._reading
        user = reading.principal(request).user
        project_id, block_id = path_id(request, "project"), path_id(request, "block")
        parameters = Parameters.of(request)
        await reading.role(project_id, user, parameters.min_position)
        if parameters.past:
            moment = await moment_of(reading, project_id, parameters)
            return await self._one_past(request, project_id, block_id, moment)
        partition = reading.partition(project_id)
        subject = Subject(
            kind="block",
            key=self._keys.document(project_id, f"block:{block_id.hex}"),
            touched=(block_id, "block"),
            model="blocks",
            partition=partition,
            ttl=reading.settings.cache_block_ttl,
            load=partial(_load_one, partition=partition, project_id=project_id, block_id=block_id),
        )
        document, position = await reading.documents.get(subject, parameters.min_position)
        if document is None:
            raise NotFound("no such block")
        return reading.responder.answer(request, document.body, position, document.tag)

    async def _one_past(self, request: Request, project_id: UUID, block_id: UUID, moment: Moment) -> Response:
        past = await deck_at(self._reading, project_id, moment)
        block = past.deck.blocks.get(block_id)
        if block is None:
            raise NotFound("no such block then")
        body = orjson.dumps(queries.document(block))
        return self._reading.responder.answer(
            request, body, moment.position, body_tag(body), settled=moment.settled
        )

    async def many(self, request: Request) -> Response:
        """Answer a page of a project's blocks: each slide, then what is on it."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        block_type = parameters.values.get("type")
        if block_type is not None and block_type not in queries.BLOCK_TYPES:
            raise Invalid.at("type", f"must be one of {', '.join(queries.BLOCK_TYPES)}")
        cursor = parameters.values.get("cursor")
        limit = parameters.limit
        if parameters.flag("whole"):
            # A project has no more than these: one document of it all, for who shows the whole deck.
            limit = WHOLE
        if parameters.past:
            return await self._many_past(request, project_id, user, parameters, block_type)
        place = reading.cursors.decode(LIST, cursor, str)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        subject = Subject(
            kind="blocks",
            key=self._keys.document(project_id, f"blocks:{limit}:{block_type or ''}:{cursor or ''}"),
            touched=(project_id, TREE),
            model="blocks",
            partition=partition,
            ttl=reading.settings.cache_block_ttl,
            load=partial(
                _load_page,
                partition=partition,
                project_id=project_id,
                cursors=reading.cursors,
                block_type=block_type,
                after=str(place[0]) if place else None,
                limit=limit,
            ),
        )
        document, position = await reading.documents.get(subject, parameters.min_position)
        if document is None:
            raise NotFound("no such project")
        return reading.responder.answer(request, document.body, position, document.tag)

    async def _many_past(
        self, request: Request, project_id: UUID, user: str, parameters: Parameters, block_type: str | None
    ) -> Response:
        """Answer a page of what was shown; the cursor says of which position, and how far the pages came."""
        reading = self._reading
        place = reading.cursors.decode(LIST_THEN, parameters.values.get("cursor"), int, int)
        known, begin = (int(p) for p in place) if place else (None, 0)
        if known is not None and parameters.at_position not in {None, known}:
            raise Invalid.at("cursor", "is a cursor of another position; start from the first page")
        await reading.role(project_id, user, parameters.min_position)
        moment = await moment_of(reading, project_id, parameters, known)
        past = await deck_at(reading, project_id, moment)
        rest = (i for i in range(max(begin, 0), len(past.shown)) if block_type in {None, past.shown[i].type})
        page = list(islice(rest, parameters.limit + 1))
        items = [queries.document(past.shown[i]) for i in page[: parameters.limit]]
        more = len(page) > parameters.limit
        cursor = reading.cursors.encode(LIST_THEN, moment.position, page[-1]) if more else None
        body = page_body(items, cursor)
        return reading.responder.answer(
            request, body, moment.position, body_tag(body), settled=moment.settled
        )


def routes(reading: Reading) -> list[Route]:
    """Return the routes of blocks."""
    blocks = BlockQueries(reading)
    base = "/api/projects/{project}/blocks"
    return [
        Route(base, guarded(blocks.many), methods=["GET"], include_in_schema=False),
        Route(base + "/{block}", guarded(blocks.one), methods=["GET"], include_in_schema=False),
    ]
