"""`decklog serve workers`."""

import uvloop

from workers.app import serve
from workers.cli.options import DEFAULT_DIR, DataDir
from workers.cli.serving.metering import MetricsPort, process_settings


def workers(metrics_port: MetricsPort = None, data_dir: DataDir = DEFAULT_DIR) -> None:
    """Run relay, projectors, broadcasters and the workers of all queues."""
    settings = process_settings(data_dir, metrics_port)
    uvloop.run(serve(settings))
