"""The write deployable: commands in, events out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from infra.bootstrap import WriteSide, write_side
from infra.http.health import health_response
from infra.http.hot import HotRoutes
from infra.http.problems import install_problems
from infra.runtime import settle_memory
from infra.settings import Settings
from write_api.assets import Uploads
from write_api.openapi import install_openapi
from write_api.routes import CommandRoutes
from write_api.socket import CommandSockets

DESCRIPTION = "Commands of Decklog. Every answer holds a `position`; queries take it as `min_position`."


def create_app(settings: Settings) -> FastAPI:
    """Build the app; it connects to its servers when it starts."""
    side: WriteSide = write_side(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await side.start()
        settle_memory()
        try:
            yield
        finally:
            await side.stop()

    app = FastAPI(
        title="Decklog write API",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    uploads = Uploads(side.blobs, side.authenticator, side.uploads.require)
    hot = [*CommandRoutes(side.bus, side.authenticator).routes(), *uploads.routes()]
    # The router knows them too, to refuse what is no POST.
    sockets = CommandSockets(
        side.bus,
        side.authenticator,
        in_flight=settings.ws_commands_in_flight,
        connections=settings.ws_max_connections,
    )
    app.router.routes[:0] = [*hot, WebSocketRoute("/api/commands/socket", sockets.endpoint)]
    app.add_middleware(HotRoutes, routes=hot)

    @app.get("/api/health", tags=["operations"], summary="Is this process fit to serve")
    async def health() -> Response:
        return await health_response("write", side.pool)

    install_problems(app)
    install_openapi(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=["Idempotency-Replayed", "Retry-After"],
            max_age=600,
        )
    return app
