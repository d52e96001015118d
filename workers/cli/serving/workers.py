"""`decklog serve workers`."""

import uvloop

from infra.telemetry.logs import configure_logs
from workers.app import serve
from workers.cli.options import DEFAULT_DIR, DataDir, found_settings


def workers(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Run relay, projectors, broadcasters and the workers of all queues."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    uvloop.run(serve(settings))
