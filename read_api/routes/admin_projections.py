"""`/api/admin/projections/stats`, and rebuilding a read model."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.bootstrap import read_models
from infra.http.errors import AlreadyExists, NotFound
from infra.postgres.rebuild_state import RUNNING, rebuild_state
from infra.projection_report import projection_report, request_document
from projections import requests
from read_api.routes.guarding import guarded
from read_api.side import Reading

ACCEPTED = 202
PATH = "/api/admin/projections"


class AdminProjections:
    """What operators look at and ask for."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._models = read_models()

    async def stats(self, request: Request) -> Response:
        """Answer how far relay, read models and a rebuild are."""
        reading = self._reading
        reading.operator(request)
        side = reading.side
        report = await projection_report(
            side.database,
            side.redis,
            side.keys(reading.epoch),
            self._models,
            reading.settings.stream_partitions,
        )
        return _answer(report)

    async def rebuild(self, request: Request) -> Response:
        """Have the workers rebuild a read model; how far they are is in the statistics."""
        reading = self._reading
        principal = reading.operator(request)
        name = request.path_params["name"]
        if name not in {m.name for m in self._models}:
            raise NotFound("no such projection")
        async with reading.side.database.session() as session:
            under_way = await rebuild_state(session)
            if under_way is not None and under_way.state == RUNNING:
                raise AlreadyExists(f"{', '.join(under_way.models)}: being rebuilt at this moment")
            asked = await requests.ask(session, [name], reason=requests.OPERATOR, by=principal.user)
        if asked is None:
            raise AlreadyExists("another rebuild was asked for, and is not done yet")
        return _answer(request_document(asked), ACCEPTED, {"Location": f"{PATH}/stats"})


def _answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(document), status, headers, "application/json")


def routes(reading: Reading) -> list[Route]:
    """Return the operators' routes of the read models."""
    projections = AdminProjections(reading)
    return [
        Route(f"{PATH}/stats", guarded(projections.stats), methods=["GET"], include_in_schema=False),
        Route(
            f"{PATH}/{{name}}/rebuild",
            guarded(projections.rebuild),
            methods=["POST"],
            include_in_schema=False,
        ),
    ]
