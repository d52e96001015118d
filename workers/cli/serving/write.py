"""`decklog serve write`."""

from infra.telemetry.logs import configure_logs
from workers.cli.options import DEFAULT_DIR, DataDir, found_settings
from workers.cli.serving.http import Host, Port, serve
from write_api.app import create_app


def write(port: Port = 8001, host: Host = "127.0.0.1", data_dir: DataDir = DEFAULT_DIR) -> None:
    """Run the write API."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    serve(create_app(settings), settings, host, port)
