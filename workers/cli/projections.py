"""`decklog projections list|rebuild`."""

from functools import partial
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from infra.bootstrap import WorkerSide, worker_side
from infra.settings import Settings
from projections import checkpoints
from projections.rebuild import rebuild
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run

app = typer.Typer(help="Look after the read models.", no_args_is_help=True)


async def _list(settings: Settings) -> list[dict[str, Any]]:
    side = worker_side(settings)
    await side.start()
    try:
        head, _ = await side.log.head()
        async with side.database.session() as session:
            known = {(m, k): (p, age) for m, k, p, age in await checkpoints.table(session)}
    finally:
        await side.stop()
    rows = []
    for model in side.models:
        for partition in range(settings.stream_partitions):
            position, age = known.get((model.name, partition), (0, None))
            rows.append(
                {
                    "name": model.name,
                    "partition": partition,
                    "position": position,
                    "head": head,
                    "lag": head - position,
                    "seconds_since_moved": age,
                }
            )
    return rows


@app.command("list")
def list_projections(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Show every read model: how far it is, by partition."""
    rows = run(_list(found_settings(data_dir)))
    if as_json:
        typer.echo(orjson.dumps(rows).decode())
        return
    table = Table("projection", "partition", "position", "head", "lag")
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("name", "partition", "position", "head", "lag")))
    Console().print(table)


def _progress(bar: Progress, task: TaskID, position: int, head: int) -> None:
    bar.update(task, completed=position, total=head)


async def _rebuild(side: WorkerSide, names: list[str], partitions: int) -> list[dict[str, Any]]:
    await side.start()
    done = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as bar:
            for model in side.models:
                if model.name not in names:
                    continue
                task = bar.add_task(model.name, total=None)
                rebuilt = await rebuild(
                    model,
                    side.database,
                    side.log,
                    partitions,
                    partial(_progress, bar, task),
                )
                done.append({"name": model.name, "events": rebuilt.events, "position": rebuilt.position})
    finally:
        await side.stop()
    return done


@app.command("rebuild")
def rebuild_projections(
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Rebuild read models from the log. Readers see the old rows until the new ones are complete."""
    settings = found_settings(data_dir)
    side = worker_side(settings)
    known = [m.name for m in side.models]
    if unknown := set(names or ()) - set(known):
        fail(f"no such projection: {', '.join(sorted(unknown))} (there are: {', '.join(known)})")
    done = run(_rebuild(side, names or known, settings.stream_partitions))
    if as_json:
        typer.echo(orjson.dumps(done).decode())
        return
    for row in done:
        typer.echo(f"{row['name']}: {row['events']:,} events, now at position {row['position']:,}")
