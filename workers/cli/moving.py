"""`decklog events export|import`."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer

from infra.audit.exported import ExportedLog
from infra.audit.moving import NotEmpty, NotVerified, export_log, import_log
from infra.audit.stored import StoredLog
from infra.audit.taking import settled, stored_log
from infra.audit.trail import kept_in_file
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, expected, fail, found_settings
from workers.cli.progress import counted


def export_events(
    file: Annotated[str, typer.Argument(help="Where to, or - for standard output.", metavar="FILE|-")],
    project: Annotated[UUID | None, typer.Option(help="Only this project.")] = None,
    after: Annotated[int, typer.Option(help="Begin after this position.", min=0)] = 0,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Write the log as NDJSON, one CloudEvent a line, with all that its verification needs."""
    settings = found_settings(data_dir)
    try:
        with expected(), settled(settings):
            source, _ = stored_log(settings, project=project, after=after)
            events = _export(source, file)
    except BrokenPipeError:
        raise typer.Exit(1) from None
    except (OSError, OverflowError, LookupError) as error:
        fail(f"{file}: {error}")
    if as_json:
        typer.echo(orjson.dumps({"events": events, "position": source.head}).decode(), err=file == "-")
    else:
        typer.echo(f"{events:,} events, up to position {source.head:,}", err=True)


def _export(source: StoredLog, file: str) -> int:
    with counted("exporting", source.estimate()) as progress:
        if file == "-":
            events = export_log(source, sys.stdout.buffer.write, progress)
            sys.stdout.buffer.flush()
            return events
        # A file that has its name is complete.
        draft = Path(f"{file}.part")
        with draft.open("wb") as out:
            events = export_log(source, out.write, progress)
        draft.replace(file)
        return events


def import_events(
    file: Annotated[
        Path, typer.Argument(help="What `events export` wrote of a whole log.", exists=True, dir_okay=False)
    ],
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            help="The file of checkpoints that were signed over this log, to go on with.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Fill an empty log with an exported one: verified, with its positions, times and hashes; all or nothing."""
    settings = found_settings(data_dir)
    try:
        with expected(), counted("importing", ExportedLog(file).estimate()) as progress:
            lines = kept_in_file(checkpoints) if checkpoints else []
            position, epoch = import_log(settings, file, progress, lines)
    except NotVerified as wrong:
        for found in wrong.findings.listed():
            typer.echo(f"  {found.kind}: {found.detail}", err=True)
        fail(f"{file} is not a whole log that verifies; nothing was imported")
    except (NotEmpty, OSError) as error:
        fail(str(error))
    if as_json:
        typer.echo(orjson.dumps({"position": position, "epoch": str(epoch)}).decode())
    else:
        typer.echo(f"imported up to position {position:,}; the log's epoch is now {epoch}")
