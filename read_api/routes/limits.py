"""`/api/quota`, what is left of the caller's limits, and `/api/admin/rate-limits/stats`."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.limits.quota import document
from read_api.parameters import Parameters
from read_api.responses import body_tag
from read_api.routes.guarding import guarded
from read_api.side import Reading

_FRESH = {"Cache-Control": "no-store"}


def routes(reading: Reading) -> list[Route]:
    """Return the routes of limits."""

    async def quota(request: Request) -> Response:
        principal = reading.principal(request)
        position = await reading.reached(Parameters.of(request))
        asker = reading.side.gate.asker(principal, request.scope)
        found = document(asker, await reading.side.gate.limiter.standings(asker))
        body = orjson.dumps(found)
        return reading.responder.answer(request, body, position, body_tag(body))

    async def stats(request: Request) -> Response:
        reading.operator(request)
        found = await reading.side.gate.report.document()
        return Response(orjson.dumps(found), headers=_FRESH, media_type="application/json")

    return [
        Route("/api/quota", guarded(quota), methods=["GET"], include_in_schema=False),
        Route("/api/admin/rate-limits/stats", guarded(stats), methods=["GET"], include_in_schema=False),
    ]
