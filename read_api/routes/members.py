"""`/api/projects/{project}/members`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from read_api.parameters import Parameters, path_id
from read_api.routes.guarding import guarded
from read_api.side import Reading

LIST = "members"


class MemberQueries:
    """Who is in a project, asked of the log like every right."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def many(self, request: Request) -> Response:
        """Answer a page of the members, by user id."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        position = await reading.reached(parameters)
        await reading.role(project_id, user, parameters.min_position)
        members = sorted((await reading.side.rights.members(project_id)).items())
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), str)
        rest = [m for m in members if place is None or m[0] > str(place[0])]
        shown = rest[: parameters.limit]
        cursor = reading.cursors.encode(LIST, shown[-1][0]) if len(rest) > len(shown) else None
        items = [{"user": member, "role": role.label} for member, role in shown]
        return reading.responder.page(request, items, cursor, position)


def routes(reading: Reading) -> list[Route]:
    """Return the routes of members."""
    members = MemberQueries(reading)
    return [
        Route(
            "/api/projects/{project}/members", guarded(members.many), methods=["GET"], include_in_schema=False
        )
    ]
