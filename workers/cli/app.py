"""All verbs of `decklog`."""

import typer

from workers.cli import (
    audit,
    backup,
    cache,
    events,
    importing,
    projections,
    queues,
    retention,
    serve,
    servers,
    tokens,
    up,
)

app = typer.Typer(
    name="decklog",
    help="The event-sourced backend of a collaborative presentation designer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("migrate")(servers.migrate_database)
app.command("token")(tokens.token)
app.command("import")(importing.import_file)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore_backup)
app.add_typer(events.app, name="events")
app.add_typer(audit.app, name="audit")
app.add_typer(projections.app, name="projections")
app.add_typer(queues.app, name="queues")
app.add_typer(retention.app, name="project")
app.add_typer(servers.db, name="db")
app.add_typer(cache.app, name="cache")
app.add_typer(serve.app, name="serve")


def main() -> None:
    """Run the command line."""
    app()
