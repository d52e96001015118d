"""How an API is served: one process, on one port."""

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Annotated, Any

import typer
import uvicorn

from infra.http.patience import PatientProtocol
from infra.settings import Settings

Host = Annotated[str, typer.Option(help="The address to bind.")]
Port = Annotated[int, typer.Option(help="The port.", min=1, max=65_535)]
GRACE = 5
NOT_STARTED = 3


def serve(
    api: Any,
    settings: Settings,
    host: str,
    port: int,
    *,
    protocol: Any = PatientProtocol,
    server: type[uvicorn.Server] = uvicorn.Server,
    sockets: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Serve an app until SIGTERM or SIGINT, with uvicorn or what it is extended by.

    `sockets` are uvicorn's options for its WebSockets.
    """
    config = uvicorn.Config(
        api,
        host=host,
        port=port,
        loop="uvloop",
        http=protocol,
        ws_ping_interval=settings.ws_ping_interval / 1000,
        ws_ping_timeout=settings.ws_ping_timeout / 1000,
        log_config=None,
        access_log=False,
        server_header=False,
        # Which proxies are believed, TRUSTED_PROXIES says: `infra.http.addresses`.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        backlog=4_096,
        **{"ws": "websockets-sansio", "ws_max_size": 65_536, **sockets},
    )
    running = server(config)
    with suppress(KeyboardInterrupt):
        running.run()
    if not running.started:
        raise typer.Exit(NOT_STARTED)
