"""`decklog migrate`, `decklog db pools|url`."""

import orjson
import typer

from infra.postgres.activity import Activity, activity
from infra.postgres.migrate import migrate
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, found_settings, run

db = typer.Typer(help="The database.", no_args_is_help=True)


@db.command("url")
def database_url(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Print the database's address with its credentials, for psql and the like."""
    typer.echo(found_settings(data_dir).direct_dsn)


@db.command("pools")
def pools(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Show who holds the database's connections, and for how long; status 1 if they run out or are kept too long.

    What each process waits for a connection of its own pool is among its metrics.
    """
    found = run(activity(found_settings(data_dir)))
    if as_json:
        typer.echo(orjson.dumps(found.document()).decode())
    else:
        _tell(found)
    if found.warnings:
        raise typer.Exit(1)


def _tell(found: Activity) -> None:
    typer.echo(f"{found.used} of {found.most} connections are used ({found.share:.0%})")
    typer.echo(f"{'who':24} {'all':>5} {'active':>7} {'idle':>5} {'in transaction':>15} {'longest':>9}")
    for user in found.users:
        typer.echo(
            f"{user.name[:24]:24} {user.all:>5} {user.active:>7} {user.idle:>5} {user.in_transaction:>15}"
            f" {user.longest_s:>7.1f} s"
        )
    typer.echo(f"{found.waiting} wait for a lock")
    for warning in found.warnings:
        typer.secho(warning, fg="red")


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
