"""`/api/projects/{project}/history` and a block's history: what happened, from the log itself."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from infra.http.errors import NotFound
from projections.history import KINDS, Selection, ndjson, told
from read_api.parameters import Parameters, path_id
from read_api.responses import POSITION
from read_api.routes.guarding import guarded
from read_api.selecting import selection_of
from read_api.side import Reading

LIST = "history"
NDJSON = "application/x-ndjson"


class HistoryQueries:
    """The events of a project or a block, in pages or as one stream, all or those that filters leave."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def project(self, request: Request) -> Response:
        """Answer a project's events."""
        return await self._answer(request, path_id(request, "project"), None)

    async def block(self, request: Request) -> Response:
        """Answer a block's events."""
        return await self._answer(request, path_id(request, "project"), path_id(request, "block"))

    async def _answer(self, request: Request, project_id: UUID, block_id: UUID | None) -> Response:
        reading = self._reading
        principal = reading.principal(request)
        parameters = Parameters.of(request)
        head = await reading.reached(parameters)
        await reading.may_replay(project_id, principal, parameters.min_position)
        selection = await selection_of(reading, project_id, parameters, head, block_id)
        if block_id is not None:
            await self._find(project_id, block_id, head)
        if NDJSON in request.headers.get("accept", ""):
            return StreamingResponse(self._lines(selection), media_type=NDJSON, headers={POSITION: str(head)})
        return await self._page(request, selection, parameters, head)

    async def _find(self, project_id: UUID, block_id: UUID, head: int) -> None:
        """Look whether there is such a block in the project; no other stream passes for one."""
        block = Selection(project_id, 0, head, stream_id=block_id, topics=tuple(KINDS["block"]))
        if not await self._reading.side.log.selected(block, 1):
            raise NotFound("no such block")

    async def _page(
        self, request: Request, selection: Selection, parameters: Parameters, head: int
    ) -> Response:
        reading, limit = self._reading, parameters.limit
        # A page begins where the one before it ended: at a version where a stream is named, else at a position.
        kind = f"{LIST} {selection.stream_id or 'project'} {selection.descending}"
        place = reading.cursors.decode(kind, parameters.values.get("cursor"), int)
        if place is not None:
            selection = replace(selection, edge=int(place[0]))
        events = await reading.side.log.selected(selection, limit + 1)
        shown = events[:limit]
        cursor = reading.cursors.encode(kind, selection.edge_of(shown[-1])) if len(events) > limit else None
        return reading.responder.page(request, await told(shown, reading.side.personal), cursor, head)

    async def _lines(self, selection: Selection) -> AsyncIterator[bytes]:
        async for chunk in self._reading.side.log.selected_in_chunks(selection):
            yield ndjson(await told(chunk, self._reading.side.personal))


def routes(reading: Reading) -> list[Route]:
    """Return the routes of history."""
    history = HistoryQueries(reading)
    return [
        Route(
            "/api/projects/{project}/history",
            guarded(history.project),
            methods=["GET"],
            include_in_schema=False,
        ),
        Route(
            "/api/projects/{project}/blocks/{block}/history",
            guarded(history.block),
            methods=["GET"],
            include_in_schema=False,
        ),
    ]
