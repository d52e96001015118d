"""The read deployable: queries, history, live streams and the studio."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psycopg
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from infra.bootstrap import ReadSide, read_side
from infra.http.asyncapi import asyncapi_response
from infra.http.cors import cors
from infra.http.door import DOOR, Door
from infra.http.errors import Unavailable
from infra.http.headers import API, page_headers
from infra.http.hot import Hot, HotRoutes
from infra.http.layered import Layered
from infra.http.observed import Observed, Traffic
from infra.http.operations import Operations
from infra.http.overload import Bounded, Load
from infra.http.problems import install_problems
from infra.postgres.listener import listen
from infra.redis import clearing
from infra.runtime import settle_memory
from infra.settings import Settings
from infra.telemetry.metrics import Metrics
from infra.telemetry.wiring import beside, new_metrics, watch_gate, watch_pool, watch_redis, watch_traffic
from projections import checkpoints
from read_api import studio_files
from read_api.cache_report import CacheReport
from read_api.checkpoints import CheckpointWatch
from read_api.current import Current
from read_api.documents import Documents, Limits
from read_api.live.asgi import AsgiSockets
from read_api.live.gateway import Gateway
from read_api.live.hub import Hub
from read_api.live.sse import ServerSentEvents
from read_api.live.upgrading import GATEWAY
from read_api.openapi import install_openapi
from read_api.parameters import Cursors
from read_api.past import Past
from read_api.rebuilt import RebuiltWatch
from read_api.responses import Responder
from read_api.routes import admin_live, query_routes
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.studio_files import StudioFiles
from read_api.tables import Tables

logger = logging.getLogger(__name__)

DESCRIPTION = (
    "Queries of Decklog. Every GET takes `min_position`, the `position` of a write that it has to show."
)


async def _reading(settings: Settings, side: ReadSide) -> Reading:
    head, epoch = await side.log.head()
    side.rights.forget_all()
    hub = Hub(settings, side.log, epoch, head, side.rights.forget, personal=side.personal)
    watch = CheckpointWatch()
    patience = settings.read_wait_ms / 1000
    tables = Tables(side.database, side.replica, watch, patience)
    limits = Limits(settings.l1_entries, settings.l1_mb * 2**20, patience, settings.cache_missing_ttl)
    documents = Documents(hub, watch, tables, side.cache, limits)
    past = Past(side.decks, settings.past_cache_mb * 2**20)
    report = CacheReport(side, side.keys(epoch), documents)
    return Reading(
        settings, side, hub, watch, tables, documents, report, Responder(epoch), Cursors(epoch), epoch, past
    )


def create_app(settings: Settings, *, live_only: bool = False) -> FastAPI:
    """Build the app; it connects to its servers, and gets its routes, when it starts.

    Its lifespan's state holds the gateway, which takes live sockets from the server that runs it. With
    `live_only` it is that gateway, its server-sent events and health, and answers no queries.

    Its routes, and all that it knows, belong to an epoch of the log: with another one it begins anew.
    """
    traffic, load = Traffic(), Load(settings.read_max_in_flight)
    door = Door(load, traffic, API)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        side = read_side(settings)
        gateway = Gateway(settings)
        current = Current(side, gateway)
        metrics = _metrics(side, current, traffic)
        watch_gate(metrics, side.gate.limiter, load)
        operations = Operations(
            "read", side.log, side.pool, metrics, traffic=traffic, redis=side.redis, more=current.report
        )
        await side.start()
        of_all_epochs = [*operations.routes(metrics=not settings.metrics_port), *app.router.routes]

        def install(reading: Reading) -> None:
            current.reading = reading
            queries = [] if live_only else query_routes(reading)
            hot.replace(queries)
            others = _other_routes(reading, gateway)
            if not live_only:
                others += _studio(settings)
            app.router.routes[:] = [*queries, *others, *of_all_epochs]

        following: asyncio.Task[None] | None = None
        try:
            reading = await _reading(settings, side)
            install(reading)
            following = asyncio.create_task(_follow_epochs(settings, side, reading, gateway, install))
            settle_memory()
            async with beside(settings, metrics, operations):
                yield {GATEWAY: gateway, DOOR: door}
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
            await side.stop()

    hot = Hot()
    app = Layered(
        [
            partial(Observed, traffic=traffic, headers=API),
            *cors(settings),
            partial(Bounded, load=load),
            partial(HotRoutes, hot=hot),
        ],
        title="Decklog read API",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
    )
    install_problems(app)
    install_openapi(app, metrics=not settings.metrics_port)
    app.mount(f"/studio/v-{studio_files.version()}", StudioFiles(studio_files.FOR_GOOD), name="studio")
    app.mount("/studio", StudioFiles(studio_files.FOR_NOW))
    return app


async def _follow_epochs(
    settings: Settings,
    side: ReadSide,
    reading: Reading,
    gateway: Gateway,
    install: Callable[[Reading], None],
) -> None:
    """Keep the process's knowledge of the log current, epoch after epoch, until cancelled."""
    while True:
        rebuilt = RebuiltWatch(reading.documents, side.database)
        beside = [
            asyncio.create_task(listen(settings, checkpoints.CHANNEL, reading.watch.notified)),
            asyncio.create_task(listen(settings, checkpoints.REBUILT, rebuilt.notified)),
            asyncio.create_task(rebuilt.run()),
            asyncio.create_task(listen(settings, clearing.CHANNEL, reading.documents.clear)),
            asyncio.create_task(reading.report.run()),
        ]
        try:
            await gateway.serve(reading)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        reading = await _reading_again(settings, side)
        install(reading)


async def _reading_again(settings: Settings, side: ReadSide) -> Reading:
    while True:
        try:
            return await _reading(settings, side)
        except (psycopg.Error, Unavailable):
            # Whatever brought the new epoch may not be over: until then nothing cached is believed.
            logger.exception("the log of the new epoch cannot be read")
            await asyncio.sleep(1.0)


def _other_routes(reading: Reading, gateway: Gateway) -> list[BaseRoute]:
    """Return all routes but the queries and the studio."""
    events = ServerSentEvents(reading, gateway)
    return [
        WebSocketRoute("/api/projects/{project}/live", AsgiSockets(gateway).endpoint),
        Route(
            "/api/projects/{project}/events",
            guarded(events.endpoint),
            methods=["GET"],
            include_in_schema=False,
        ),
        Route("/asyncapi.json", asyncapi_response, include_in_schema=False),
        *admin_live.routes(reading, gateway),
    ]


def _metrics(side: ReadSide, current: Current, traffic: Traffic) -> Metrics:
    metrics = new_metrics()
    watch_traffic(metrics, traffic)
    watch_pool(metrics, side.pool)
    if side.replica is not None:
        watch_pool(metrics, side.replica.pool)
    watch_redis(metrics, "cache", side.redis)
    current.watch(metrics)
    return metrics


def _studio(settings: Settings) -> list[Route]:
    """The static page: scripts and styles of its own only, connections to itself and the write API."""
    connect = " ".join(["ws:", "wss:", *([settings.write_public_url] if settings.write_public_url else [])])
    headers = {**page_headers(connect), "Cache-Control": "no-cache"}

    name = studio_files.version()
    headers["ETag"] = f'"{name}"'

    async def page(request: Request) -> Response:
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(studio_files.page(name), headers=headers, media_type="text/html")

    async def config(_: Request) -> Response:
        return JSONResponse({"write_url": settings.write_public_url}, headers={"Cache-Control": "no-cache"})

    return [
        Route("/", page, include_in_schema=False),
        Route("/studio/config.json", config, include_in_schema=False),
    ]
