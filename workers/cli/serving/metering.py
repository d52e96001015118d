"""The port of its own that any process may tell metrics and health on."""

from pathlib import Path
from typing import Annotated

import typer

from infra.settings import Settings
from infra.telemetry.logs import configure_logs
from workers.cli.options import found_settings

MetricsPort = Annotated[
    int | None,
    typer.Option(
        help="A port of its own for /metrics and health; by default METRICS_PORT.", min=0, max=65_535
    ),
]


def process_settings(data_dir: Path, metrics_port: int | None) -> Settings:
    """Find the settings of a process, and log as they say."""
    settings = found_settings(data_dir)
    configure_logs(settings.log_level)
    return settings if metrics_port is None else settings.model_copy(update={"metrics_port": metrics_port})
