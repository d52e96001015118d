"""`/api/projects/{project}/history` and a block's history: what happened, from the log itself."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from infra.http.errors import NotFound
from projections.history import Recorded, ndjson, told
from read_api.parameters import Parameters, path_id
from read_api.responses import POSITION
from read_api.routes.guarding import guarded
from read_api.side import Reading

LIST = "history"
NDJSON = "application/x-ndjson"


class HistoryQueries:
    """The events of a project or a block, in pages or as one stream."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def project(self, request: Request) -> Response:
        """Answer a project's events."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        descending = parameters.choice("order", "asc", "desc") == "desc"
        head = await reading.reached(parameters)
        await reading.role(project_id, user, parameters.min_position)
        if NDJSON in request.headers.get("accept", ""):
            after = parameters.number("after", 0)
            lines = self._lines_back(project_id) if descending else self._lines(project_id, after)
            return StreamingResponse(lines, media_type=NDJSON, headers={POSITION: str(head)})
        place = reading.cursors.decode(f"{LIST} {descending}", parameters.values.get("cursor"), int)
        limit = parameters.limit
        edge = int(place[0]) if place else None
        events = await reading.side.log.project(
            project_id,
            edge if edge is not None else parameters.number("after", 0),
            limit + 1,
            descending=descending,
            before=edge,
        )
        return await self._page(request, events, limit, head, kind=f"{LIST} {descending}")

    async def block(self, request: Request) -> Response:
        """Answer a block's events, oldest first."""
        reading = self._reading
        user = reading.principal(request).user
        project_id, block_id = path_id(request, "project"), path_id(request, "block")
        parameters = Parameters.of(request)
        head = await reading.reached(parameters)
        await reading.role(project_id, user, parameters.min_position)
        place = reading.cursors.decode("block history", parameters.values.get("cursor"), int)
        events = await reading.side.log.stream(block_id)
        if not events or events[0].project_id != project_id:
            raise NotFound("no such block")
        rest = [e for e in events if place is None or e.position > int(place[0])]
        shown = rest[: parameters.limit + 1]
        return await self._page(request, shown, parameters.limit, head, kind="block history")

    async def _page(
        self, request: Request, events: Sequence[Recorded], limit: int, head: int, *, kind: str
    ) -> Response:
        shown = events[:limit]
        more = len(events) > limit
        cursor = self._reading.cursors.encode(kind, shown[-1].position) if more else None
        items = await told(shown, self._reading.side.personal)
        return self._reading.responder.page(request, items, cursor, head)

    async def _lines_back(self, project_id: UUID) -> AsyncIterator[bytes]:
        before: int | None = None
        while chunk := await self._reading.side.log.project(project_id, 0, descending=True, before=before):
            yield ndjson(await told(chunk, self._reading.side.personal))
            before = chunk[-1].position

    async def _lines(self, project_id: UUID, after: int) -> AsyncIterator[bytes]:
        while chunk := await self._reading.side.log.project(project_id, after):
            yield ndjson(await told(chunk, self._reading.side.personal))
            after = chunk[-1].position


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
