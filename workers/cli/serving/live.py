"""`decklog serve live`."""

from read_api.app import create_app
from read_api.serving import HTTP, DrainingServer
from workers.cli.options import DEFAULT_DIR, DataDir
from workers.cli.serving.http import Host, Port, serve
from workers.cli.serving.metering import MetricsPort, process_settings


def live(
    port: Port = 8003,
    host: Host = "127.0.0.1",
    metrics_port: MetricsPort = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Run a live gateway alone: the read API's sockets and event streams, and no queries."""
    settings = process_settings(data_dir, metrics_port)
    app = create_app(settings, live_only=True)
    serve(app, settings, host, port, protocol=HTTP, server=DrainingServer)
