"""`/api/projects/{project}/suggestions`: what machines would change, and what persons decided."""

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import NotFound
from projections.ports import Session
from projections.suggestions import queries
from read_api.documents import Subject
from read_api.live.hub import TREE
from read_api.parameters import Cursors, Parameters, path_id
from read_api.responses import page_body
from read_api.routes.guarding import guarded
from read_api.side import Reading

LIST = "suggestions"
ALL = "all"


async def _load(
    session: Session,
    *,
    partition: int,
    project_id: UUID,
    cursors: Cursors,
    state: str,
    after: int,
    limit: int,
) -> tuple[int, bytes]:
    as_of, rows = await queries.page(
        session, partition, project_id, state=state if state != ALL else None, after=after, limit=limit + 1
    )
    cursor = cursors.encode(LIST, rows[limit - 1].opened) if len(rows) > limit else None
    return as_of, page_body([queries.document(row) for row in rows[:limit]], cursor)


class SuggestionQueries:
    """The suggestions of a project."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._keys = reading.side.keys(reading.epoch)

    async def many(self, request: Request) -> Response:
        """Answer a page of the suggestions, the oldest first; by default those that nobody has decided."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        state = parameters.choice("state", *queries.STATES, ALL)
        cursor = parameters.values.get("cursor")
        place = reading.cursors.decode(LIST, cursor, int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        subject = Subject(
            kind="suggestions",
            key=self._keys.document(project_id, f"suggestions:{parameters.limit}:{state}:{cursor or ''}"),
            touched=(project_id, TREE),
            model="suggestions",
            partition=partition,
            ttl=reading.settings.cache_block_ttl,
            load=partial(
                _load,
                partition=partition,
                project_id=project_id,
                cursors=reading.cursors,
                state=state,
                after=int(place[0]) if place else 0,
                limit=parameters.limit,
            ),
        )
        document, position = await reading.documents.get(subject, parameters.min_position)
        if document is None:
            raise NotFound("no such project")
        return reading.responder.answer(request, document.body, position, document.tag)


def routes(reading: Reading) -> list[Route]:
    """Return the routes of suggestions."""
    suggestions = SuggestionQueries(reading)
    return [
        Route(
            "/api/projects/{project}/suggestions",
            guarded(suggestions.many),
            methods=["GET"],
            include_in_schema=False,
        )
    ]
