"""`decklog project detach|restore|detached`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import orjson
import typer

from infra.audit.attaching import attach, check, project_of
from infra.audit.detaching import detach, detached_claims
from infra.audit.exported import ExportedLog
from infra.audit.moved import Moved, NotPossible
from infra.audit.source import Refused
from infra.audit.taking import stored_log
from infra.postgres.retention import Busy
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, expected, fail, found_settings
from workers.cli.progress import counted

app = typer.Typer(help="Move archived projects out of the log, and back.", no_args_is_help=True)

T = TypeVar("T")
File = Annotated[
    Path, typer.Argument(help="What `project detach` wrote.", exists=True, dir_okay=False, readable=True)
]


@app.command("detach")
def detach_project(
    project: Annotated[UUID, typer.Argument(help="An archived project.")],
    out: Annotated[
        Path,
        typer.Option(help="The file that its events go to: CloudEvents as `events export` writes them."),
    ],
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Move an archived project's events into a file, and leave tombstones; readers do not find it any more.

    The file is written, synced and verified first, then the log changes in one transaction: killed at any
    moment, this may be run again. Keep the file: it is the only copy, and `project restore` takes it back.
    """
    settings = found_settings(data_dir)
    with expected():
        source, _ = stored_log(settings, project=project)
        with counted("detaching", source.estimate()) as progress:
            done = _done(lambda: detach(settings, project, out, progress))
    _tell(done, f"{done.events:,} events of project {done.project} are in {out}", as_json=as_json)


@app.command("restore")
def restore_project(
    file: File,
    only_check: Annotated[
        bool,
        typer.Option("--check", help="Only tell whether this is the file of a detached project."),
    ] = False,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Put a detached project's events back, each verified against its tombstone: all of them, or none."""
    settings = found_settings(data_dir)
    if only_check:
        with expected():
            done = _done(lambda: check(settings, file))
        _tell(done, f"this is the file of project {done.project}, {done.events:,} events", as_json=as_json)
        return
    with expected(), counted("restoring", _estimate(file)) as progress:
        done = _done(lambda: attach(settings, file, progress))
    _tell(done, f"{done.events:,} events of project {done.project} are back", as_json=as_json)


@app.command("detached")
def list_detached(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """List the projects that were detached, and which file each is in."""
    settings = found_settings(data_dir)
    with expected():
        claims = detached_claims(settings)
    if as_json:
        found = [
            {
                "project_id": str(c.project),
                "position": c.position,
                "events": c.events,
                "file_sha256": c.file_sha256,
            }
            for c in claims
        ]
        typer.echo(orjson.dumps(found).decode())
        return
    for c in claims:
        typer.echo(f"{c.project}  {c.events:>9,} events  at {c.position:,}  sha256 {c.file_sha256}")
    if not claims:
        typer.echo("no project is detached", err=True)


def _estimate(file: Path) -> int:
    _done(lambda: project_of(file))
    return ExportedLog(file).estimate()


def _done(work: Callable[[], T]) -> T:
    try:
        return work()
    except (NotPossible, Busy, OSError) as error:
        fail(str(error))
    except Refused as refused:
        fail(refused.reason)


def _tell(done: Moved, text: str, *, as_json: bool) -> None:
    if as_json:
        document = {
            "project_id": str(done.project),
            "events": done.events,
            "position": done.position,
            "file_sha256": done.file_sha256,
        }
        typer.echo(orjson.dumps(document).decode())
        return
    typer.echo(text)
    typer.echo(f"sha256 {done.file_sha256}, said at position {done.position:,}")
