"""`decklog events show|tail|export|import`."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import orjson
import typer

from domain.catalogue import public_event
from domain.events import Recorded
from infra.bootstrap import worker_side
from infra.postgres.event_log import CHUNK
from infra.postgres.listener import listen
from infra.settings import Settings
from workers.app import LOG_CHANNEL
from workers.cli import moving
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, found_settings, run

app = typer.Typer(help="Read the log of events.", no_args_is_help=True)
app.command("export")(moving.export_events)
app.command("import")(moving.import_events)

Project = Annotated[UUID | None, typer.Option(help="Only this project.")]
DATA_WIDTH = 100


def _print(events: Sequence[Recorded], *, as_json: bool) -> None:
    for recorded in events:
        event = public_event(recorded)
        if as_json:
            typer.echo(orjson.dumps(event).decode())
            continue
        data = orjson.dumps(event["data"]).decode()
        data = data if len(data) <= DATA_WIDTH else data[: DATA_WIDTH - 1] + "…"
        stream = event["stream"]
        typer.echo(
            f"{event['position']:>8}  {event['at'][:23]}Z  {event['actor']['id']:<12} {event['event']:<18}"
            f" {stream['kind']} {stream['id'][:8]} v{stream['version']}  {data}"
        )


async def _read(settings: Settings, project: UUID | None, after: int, limit: int) -> Sequence[Recorded]:
    side = worker_side(settings)
    await side.start()
    try:
        if project is not None:
            return await side.log.project(project, after, limit)
        return await side.log.after(after, limit)
    finally:
        await side.stop()


@app.command("show")
def show(
    project: Project = None,
    after: Annotated[int, typer.Option(help="Begin after this position.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="At most this many.", min=1, max=100_000)] = 100,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Print events, oldest first."""
    events = run(_read(found_settings(data_dir), project, after, limit))
    _print(events, as_json=as_json)
    if not events and not as_json:
        typer.echo("no events", err=True)


async def _follow(settings: Settings, project: UUID | None, after: int | None, *, as_json: bool) -> None:
    side = worker_side(settings)
    await side.start()
    wake = asyncio.Event()
    listening = asyncio.create_task(listen(settings, LOG_CHANNEL, lambda _: wake.set()))
    try:
        position = after if after is not None else (await side.log.head())[0]
        while True:
            wake.clear()
            while events := await side.log.after(position, CHUNK):
                position = events[-1].position
                _print([e for e in events if project in (None, e.project_id)], as_json=as_json)
            await wake.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await side.stop()


@app.command("tail")
def tail(
    project: Project = None,
    after: Annotated[
        int | None, typer.Option(help="Begin after this position; by default now.", min=0)
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Print events as they happen, until Ctrl-C."""
    try:
        run(_follow(found_settings(data_dir), project, after, as_json=as_json))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
