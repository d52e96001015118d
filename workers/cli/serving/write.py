"""`decklog serve write`."""

from workers.cli.options import DEFAULT_DIR, DataDir
from workers.cli.serving.http import Host, Port, serve
from workers.cli.serving.metering import MetricsPort, process_settings
from write_api.app import create_app
from write_api.wire import UVICORN


def write(
    port: Port = 8001,
    host: Host = "127.0.0.1",
    metrics_port: MetricsPort = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Run the write API."""
    settings = process_settings(data_dir, metrics_port)
    serve(create_app(settings), settings, host, port, sockets=UVICORN)
