"""`decklog migrate`, `decklog db url`."""

import orjson
import typer

from infra.postgres.migrate import migrate
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, found_settings, run

db = typer.Typer(help="The database.", no_args_is_help=True)


@db.callback()
def _db() -> None:
    """Keep `url` a verb of its own."""


@db.command("url")
def database_url(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Print the database's address with its credentials, for psql and the like."""
    typer.echo(found_settings(data_dir).direct_dsn)


def migrate_database(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Bring the database to this release's schema."""
    applied = run(migrate(found_settings(data_dir)))
    if as_json:
        typer.echo(orjson.dumps({"applied": applied}).decode())
        return
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the schema is up to date")
