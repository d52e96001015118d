"""`/api/projects/{project}/sessions`."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from projections.sessions import queries
from read_api.parameters import Parameters, path_id
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.waiting import of_project

LIST = "sessions"


class SessionQueries:
    """Who is there now."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def many(self, request: Request) -> Response:
        """Answer a page of a project's active sessions, the oldest first."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        limit = parameters.limit
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        load = partial(
            queries.active_page,
            partition=partition,
            project_id=project_id,
            after=int(place[0]) if place else 0,
            limit=limit + 1,
        )
        position, rows = await of_project(reading, "sessions", partition, parameters.min_position, load)
        shown = rows[:limit]
        cursor = reading.cursors.encode(LIST, shown[-1].joined) if len(rows) > limit else None
        return reading.responder.page(request, [queries.document(r) for r in shown], cursor, position)


def routes(reading: Reading) -> list[Route]:
    """Return the routes of sessions."""
    sessions = SessionQueries(reading)
    return [
        Route(
            "/api/projects/{project}/sessions",
            guarded(sessions.many),
            methods=["GET"],
            include_in_schema=False,
        )
    ]
