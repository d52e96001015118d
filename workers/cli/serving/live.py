"""`decklog serve live`."""

from infra.telemetry.logs import configure_logs
from read_api.app import create_app
from read_api.serving import HTTP, DrainingServer
from workers.cli.options import DEFAULT_DIR, DataDir, found_settings
from workers.cli.serving.http import Host, Port, serve


def live(port: Port = 8003, host: Host = "127.0.0.1", data_dir: DataDir = DEFAULT_DIR) -> None:
    """Run a live gateway alone: the read API's sockets and event streams, and no queries."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    app = create_app(settings, live_only=True)
    serve(app, settings, host, port, protocol=HTTP, server=DrainingServer)
