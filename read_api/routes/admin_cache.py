"""`/api/admin/cache/stats`."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from read_api.routes.guarding import guarded
from read_api.side import Reading


def routes(reading: Reading) -> list[Route]:
    """Return the operators' routes of the cache."""

    async def stats(request: Request) -> Response:
        reading.operator(request)
        document = await reading.report.document()
        headers = {"Cache-Control": "no-store"}
        return Response(orjson.dumps(document), headers=headers, media_type="application/json")

    path = "/api/admin/cache/stats"
    return [Route(path, guarded(stats), methods=["GET"], include_in_schema=False)]
