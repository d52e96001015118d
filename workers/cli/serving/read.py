"""`decklog serve read`."""

from read_api.app import create_app
from read_api.serving import HTTP, DrainingServer
from workers.cli.options import DEFAULT_DIR, DataDir
from workers.cli.serving.http import Host, Port, serve
from workers.cli.serving.metering import MetricsPort, process_settings


def read(
    port: Port = 8002,
    host: Host = "127.0.0.1",
    metrics_port: MetricsPort = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Run the read API."""
    settings = process_settings(data_dir, metrics_port)
    serve(create_app(settings), settings, host, port, protocol=HTTP, server=DrainingServer)
