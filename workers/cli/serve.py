"""`decklog serve write|read|workers`: one process of a deployment."""

from typing import Annotated, Any

import typer
import uvicorn
import uvloop

from infra.settings import Settings
from infra.telemetry.logs import configure_logs
from read_api.app import create_app as create_read_app
from workers.app import serve as serve_workers
from workers.cli.options import DEFAULT_DIR, DataDir, found_settings
from write_api.app import create_app as create_write_app

app = typer.Typer(help="Run one process of a deployment.", no_args_is_help=True)

Host = Annotated[str, typer.Option(help="The address to bind.")]
GRACE = 5


def _serve(api: Any, settings: Settings, host: str, port: int) -> None:
    uvicorn.run(
        api,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=settings.ws_ping_interval / 1000,
        ws_ping_timeout=settings.ws_ping_timeout / 1000,
        ws_max_size=65_536,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        backlog=4_096,
    )


@app.command("write")
def write(
    port: Annotated[int, typer.Option(help="The port.", min=1, max=65_535)] = 8001,
    host: Host = "127.0.0.1",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Run the write API."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    _serve(create_write_app(settings), settings, host, port)


@app.command("read")
def read(
    port: Annotated[int, typer.Option(help="The port.", min=1, max=65_535)] = 8002,
    host: Host = "127.0.0.1",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Run the read API."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    _serve(create_read_app(settings), settings, host, port)


@app.command("workers")
def workers(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Run relay, projectors and broadcasters."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    uvloop.run(serve_workers(settings))
