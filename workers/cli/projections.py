"""`decklog projections list|rebuild|verify|skip|confirm|revert`."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from infra.bootstrap import read_models, worker_side
from infra.postgres.rebuilds import Busy, Nothing, rebuilding
from infra.projection_report import projection_report
from infra.settings import Settings
from projections import failures
from projections.model import ReadModel
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run
from workers.rebuilding import Rebuilt, rebuild, revert

# Characters of a value that are shown.
SHOWN = 100

app = typer.Typer(help="Look after the read models.", no_args_is_help=True)


async def _report(settings: Settings) -> dict[str, Any]:
    side = worker_side(settings)
    await side.start()
    try:
        keys = await side.keys()
        return await projection_report(
            side.database, side.redis, keys, side.models, settings.stream_partitions
        )
    finally:
        await side.stop()


@app.command("list")
def list_projections(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Show every read model: how far it is, by partition, and what it stands before if it cannot go on."""
    report = run(_report(found_settings(data_dir)))
    rows = [
        {
            "name": model["name"],
            "version": model["version"],
            "state": model["state"],
            "head": report["head"],
            **partition,
            "lag": partition["lag_events"],
        }
        for model in report["projections"]
        for partition in model["partitions"]
    ]
    if as_json:
        typer.echo(orjson.dumps(rows).decode())
        return
    names = (
        "projection",
        "partition",
        "state",
        "position",
        "head",
        "lag",
        "lag ms",
        "per s",
        "stands before",
    )
    table = Table(*names)
    for row in rows:
        stopped = f"{row['stopped_at']}: {row['error']}" if row["stopped_at"] else ""
        keys = ("name", "partition", "state", "position", "head", "lag", "lag_ms", "rate")
        table.add_row(*(str(row[key]) for key in keys), stopped)
    console = Console()
    console.print(table)
    if (rebuild := report["rebuild"]) is not None:
        console.print(
            f"a rebuild of {', '.join(rebuild['models'])} is {rebuild['state']}:"
            f" {rebuild['events']:,} of {rebuild['total']:,} events"
        )


async def _rebuild(
    settings: Settings, models: Sequence[ReadModel], *, check: bool, processes: int | None
) -> Rebuilt:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("beginning", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def phase(what: str) -> None:
            bar.update(task, description=what)

        return await rebuild(settings, models, progress, check=check, processes=processes, phase=phase)


def _told(rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "models": list(rebuilt.models),
        "events": rebuilt.events,
        "resumed": rebuilt.resumed,
        "position": rebuilt.position,
        "rows": rebuilt.rows,
        "differing": rebuilt.differing,
        "differences": [asdict(d) for d in rebuilt.differences],
    }


def _show(rebuilt: Rebuilt, *, check: bool) -> None:
    console = Console()
    for d in rebuilt.differences:
        key = ", ".join(f"{k}={v}" for k, v in d.key.items())
        console.print(f"[bold]{d.table}[/bold] {key}: {d.why}", highlight=False)
        for column, (live, rebuilt_value) in d.columns.items():
            console.print(
                f"  {column}: live {_short(live)}, rebuilt {_short(rebuilt_value)}", highlight=False
            )
    told = "none differs" if not rebuilt.differing else f"{rebuilt.differing:,} differ"
    if rebuilt.differing > len(rebuilt.differences):
        told += f" ({len(rebuilt.differences)} are shown)"
    names = ", ".join(rebuilt.models)
    typer.echo(f"{names}: {rebuilt.events:,} events folded; of {rebuilt.rows:,} rows {told}")
    if check:
        typer.echo("the live tables were left as they are")
    else:
        typer.echo(f"swapped in at position {rebuilt.position:,}; what was replaced is kept until")
        typer.echo("  decklog projections confirm   (or `projections revert` to have it back)")


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


@app.command("rebuild")
def rebuild_projections(
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare only: exit 1 if a row differs from the log.")
    ] = False,
    processes: Annotated[int | None, typer.Option(min=1, help="By default one a core.")] = None,
) -> None:
    """Rebuild read models from the log, beside the live ones; compare, and swap them in.

    Everything runs on meanwhile. An interrupted rebuild goes on where it was.
    """
    settings = found_settings(data_dir)
    models = _chosen(names)
    try:
        rebuilt = run(_rebuild(settings, models, check=check, processes=processes))
    except Busy as busy:
        fail(str(busy))
    if as_json:
        typer.echo(orjson.dumps(_told(rebuilt), default=str).decode())
    else:
        _show(rebuilt, check=check)
    if check and rebuilt.differences:
        raise typer.Exit(1)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Compare read models with the log, and leave them as they are: `rebuild --check`."""
    rebuild_projections(names, data_dir, as_json, check=True)


@app.command()
def skip(
    name: Annotated[str, typer.Argument(help="The projection.")],
    position: Annotated[int, typer.Argument(help="The event that it is to leave out.", min=1)],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the skip.")],
    by: Annotated[str, typer.Option(help="Who says so; by default whoever runs this.")] = "",
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Have a projection that cannot fold an event leave it out, and go on. It is recorded."""
    _chosen([name])

    async def skipped() -> bool:
        side = worker_side(found_settings(data_dir))
        await side.start()
        try:
            async with side.database.session() as session:
                stands = {(f.model, f.position) for f in await failures.table(session)}
                if (name, position) not in stands:
                    return False
                await failures.skip(session, name, position, reason=reason, by=by or getpass.getuser())
                return True
        finally:
            await side.stop()

    if not run(skipped()):
        fail(f"{name} does not stand before position {position}; see `decklog projections list`")
    told = {"name": name, "position": position, "reason": reason}
    typer.echo(
        orjson.dumps(told).decode() if as_json else f"{name} leaves out position {position} from now on"
    )


@app.command()
def confirm(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Drop what the last rebuild replaced."""

    async def confirmed() -> list[str]:
        async with rebuilding(found_settings(data_dir)) as rebuilds:
            return await rebuilds.confirm()

    try:
        names = run(confirmed())
    except Busy as busy:
        fail(str(busy))
    told = f"dropped what was replaced of {', '.join(names)}" if names else "nothing was kept"
    typer.echo(orjson.dumps({"dropped": names}).decode() if as_json else told)


@app.command("revert")
def revert_rebuild(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Have back what the last rebuild replaced, brought up to now."""
    try:
        names, position = run(revert(found_settings(data_dir)))
    except (Busy, Nothing) as refused:
        fail(str(refused))
    if as_json:
        typer.echo(orjson.dumps({"models": names, "position": position}).decode())
        return
    typer.echo(f"{', '.join(names)}: back, now at position {position:,}")


def _chosen(names: Sequence[str] | None) -> list[ReadModel]:
    models = read_models()
    known = [m.name for m in models]
    if unknown := set(names or ()) - set(known):
        fail(f"no such projection: {', '.join(sorted(unknown))} (there are: {', '.join(known)})")
    return [m for m in models if m.name in (names or known)]
