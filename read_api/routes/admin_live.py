"""`/api/admin/live/stats`: the live sockets and event streams of the process that answers."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from read_api.live.gateway import Gateway
from read_api.routes.guarding import guarded
from read_api.side import Reading


def routes(reading: Reading, gateway: Gateway) -> list[Route]:
    """Return the operators' routes of the gateway."""

    async def stats(request: Request) -> Response:
        reading.operator(request)
        headers = {"Cache-Control": "no-store"}
        return Response(orjson.dumps(gateway.document()), headers=headers, media_type="application/json")

    path = "/api/admin/live/stats"
    return [Route(path, guarded(stats), methods=["GET"], include_in_schema=False)]
