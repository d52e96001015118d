"""`/api/projects/{project}/versions`."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from projections.versions import queries
from read_api.parameters import Parameters, path_id
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.waiting import of_project

LIST = "versions"


class VersionQueries:
    """The named versions of a project."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def many(self, request: Request) -> Response:
        """Answer a page of a project's named versions, the newest first."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        limit = parameters.limit
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        load = partial(
            queries.page,
            partition=partition,
            project_id=project_id,
            before=int(place[0]) if place else None,
            limit=limit + 1,
        )
        position, rows = await of_project(reading, "versions", partition, parameters.min_position, load)
        shown = rows[:limit]
        cursor = reading.cursors.encode(LIST, shown[-1].event_position) if len(rows) > limit else None
        return reading.responder.page(request, [queries.document(r) for r in shown], cursor, position)


def routes(reading: Reading) -> list[Route]:
    """Return the routes of named versions."""
    versions = VersionQueries(reading)
    return [
        Route(
            "/api/projects/{project}/versions",
            guarded(versions.many),
            methods=["GET"],
            include_in_schema=False,
        )
    ]
