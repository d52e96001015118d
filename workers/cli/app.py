"""All verbs of `decklog`."""

import typer

from workers.cli.lazily import lazily

VERBS = {
    "up": "workers.cli.up:up",
    "migrate": "workers.cli.servers:migrate_database",
    "token": "workers.cli.tokens:app",
    "import": "workers.cli.importing:import_file",
    "backup": "workers.cli.backup:backup",
    "restore": "workers.cli.backup:restore_backup",
    "events": "workers.cli.events:app",
    "audit": "workers.cli.audit:app",
    "projections": "workers.cli.projections:app",
    "queues": "workers.cli.queues:app",
    "rate-limit": "workers.cli.rate_limits:app",
    "project": "workers.cli.retention:app",
    "db": "workers.cli.servers:db",
    "cache": "workers.cli.cache:app",
    "serve": "workers.cli.serving:app",
}

app = typer.Typer(
    name="decklog",
    cls=lazily(VERBS),
    help="The event-sourced backend of a collaborative presentation designer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _decklog() -> None:
    """Make it a group."""


def main() -> None:
    """Run the command line."""
    app()
