"""`decklog serve read`."""

from infra.telemetry.logs import configure_logs
from read_api.app import create_app
from read_api.serving import HTTP, DrainingServer
from workers.cli.options import DEFAULT_DIR, DataDir, found_settings
from workers.cli.serving.http import Host, Port, serve


def read(port: Port = 8002, host: Host = "127.0.0.1", data_dir: DataDir = DEFAULT_DIR) -> None:
    """Run the read API."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    serve(create_app(settings), settings, host, port, protocol=HTTP, server=DrainingServer)
