"""The write deployable: commands in, events out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from infra.bootstrap import WriteSide, write_gate, write_side
from infra.http.asyncapi import asyncapi_response
from infra.http.cors import cors
from infra.http.door import DOOR, Door
from infra.http.headers import API
from infra.http.hot import Hot, HotRoutes
from infra.http.layered import Layered
from infra.http.observed import Observed, Traffic
from infra.http.operations import Operations
from infra.http.overload import Bounded, Load
from infra.http.problems import install_problems
from infra.runtime import settle_memory
from infra.settings import Settings
from infra.telemetry.wiring import beside, new_metrics, watch_appender, watch_gate, watch_pool, watch_traffic
from write_api.assets import Uploads
from write_api.openapi import install_openapi
from write_api.routes import CommandRoutes
from write_api.socket import CommandSockets

DESCRIPTION = "Commands of Decklog. Every answer holds a `position`; queries take it as `min_position`."


def create_app(settings: Settings) -> FastAPI:
    """Build the app; it connects to its servers when it starts."""
    side: WriteSide = write_side(settings)
    gate = write_gate(settings, side)
    load = Load(settings.write_max_in_flight, settings.write_steady_in_flight)
    traffic, metrics = Traffic(), new_metrics()
    door = Door(load, traffic, API)
    watch_traffic(metrics, traffic)
    watch_pool(metrics, side.pool)
    watch_appender(metrics, side.appender)
    watch_gate(metrics, gate.limiter, load)
    operations = Operations("write", side.log, side.pool, metrics, traffic=traffic)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        await side.start()
        try:
            await gate.start()
            settle_memory()
            async with beside(settings, metrics, operations):
                yield {DOOR: door}
        finally:
            await gate.stop()
            await side.stop()

    uploads = Uploads(side.blobs, gate, side.uploads.require)
    hot = [*CommandRoutes(side.bus, gate).routes(), *uploads.routes()]
    app = Layered(
        [
            partial(Observed, traffic=traffic, headers=API),
            *cors(settings),
            partial(Bounded, load=load),
            partial(HotRoutes, hot=Hot(hot)),
        ],
        title="Decklog write API",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
    )
    # The router knows them too, to refuse what is no POST.
    sockets = CommandSockets(side.bus, gate, settings)
    app.router.routes[:0] = [
        *hot,
        WebSocketRoute("/api/commands/socket", sockets),
        *operations.routes(metrics=not settings.metrics_port),
        Route("/asyncapi.json", asyncapi_response, include_in_schema=False),
    ]
    install_problems(app)
    install_openapi(app, metrics=not settings.metrics_port)
    return app
