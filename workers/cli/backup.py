"""`decklog backup|restore`."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer

from infra.audit.backup import LOG, NoBackup, back_up
from infra.audit.exported import ExportedLog
from infra.audit.moving import NotEmpty, NotVerified
from infra.audit.personkeys import SHREDDED_FILE, NotTaken, write_keys
from infra.audit.restoring import Keys, Restored, restore
from infra.audit.stored import connect
from infra.audit.taking import stored_log
from infra.postgres.backup import key_rows
from infra.postgres.connections import session_options
from infra.settings import Settings
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, expected, fail, found_settings
from workers.cli.progress import counted

T = TypeVar("T")


def backup(
    out: Annotated[
        Path | None, typer.Option(help="The folder to make: the log, answers, checkpoints; no keys.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="A file to make, for its owner alone: the keys of persons. Keep it apart."),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Back up the log, or the keys of personal data, or both, while everything runs.

    They are two backups, since who has both can read what was shredded after they were made: delete backups
    of keys early, and those of the log when you like.
    """
    if out is None and keys is None:
        fail("say where to: --out FOLDER for the log, --keys FILE for the keys of personal data")
    if out is not None and keys is not None and keys.absolute().is_relative_to(out.absolute()):
        fail("keep the keys out of the folder of the log: they have a time of their own to be deleted")
    settings = found_settings(data_dir)
    told: dict[str, object] = {}
    with expected():
        if out is not None:
            source, _ = stored_log(settings)
            with counted("backing up", source.estimate()) as progress:
                manifest = _done(lambda: back_up(settings, out, progress))
            told = manifest.model_dump(exclude={"format", "sha256"})
        if keys is not None:
            told["keys"] = _done(lambda: _back_up_keys(settings, keys))
    if as_json:
        typer.echo(orjson.dumps(told).decode())
    else:
        _tell(told, out, keys)
    if told.get("verified") is False:
        fail("the log does not verify: see `decklog audit verify`")


def _back_up_keys(settings: Settings, path: Path) -> int:
    with closing(connect(settings.direct_dsn, session_options(settings))) as connection:
        rows = key_rows(connection)
    write_keys(path, rows)
    return len(rows)


def _tell(told: dict[str, object], out: Path | None, keys: Path | None) -> None:
    if out is not None:
        typer.echo(
            f"{out}: {told['events']:,} events up to position {told['position']:,}, {told['answers']:,} answers,"
            f" {told['checkpoints']:,} checkpoints"
        )
    if keys is not None:
        typer.echo(f"{keys}: {told['keys']:,} keys, of use with PERSON_KEY_SECRET alone")


def restore_backup(
    folder: Annotated[Path, typer.Argument(help="What `backup --out` wrote.", exists=True, file_okay=False)],
    keys: Annotated[
        Path | None,
        typer.Option(help="What `backup --keys` wrote.", exists=True, dir_okay=False, readable=True),
    ] = None,
    without_keys: Annotated[
        bool,
        typer.Option("--without-keys", help="Shred whatever was sealed under a key that is in no file."),
    ] = False,
    shredded: Annotated[
        Path | None,
        typer.Option(
            help="Whose keys were dropped since; by default shredded.ndjson of the data folder.", exists=True
        ),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Fill a database that was only migrated with a backup, verified, under a new epoch: all or nothing.

    No key comes back whose shredding is recorded in the backup of the log, in that of the keys, or in the
    file to which `audit shred` adds.
    """
    settings = found_settings(data_dir)
    where = Keys(keys, [shredded or data_dir / SHREDDED_FILE], without_keys)
    log = folder / LOG
    with expected(), counted("restoring", ExportedLog(log).estimate() if log.exists() else 0) as progress:
        done = _done(lambda: restore(settings, folder, where, progress))
    if as_json:
        typer.echo(orjson.dumps(_document(done)).decode())
        return
    typer.echo(
        f"restored up to position {done.position:,}, with {done.answers:,} answers and {done.checkpoints:,}"
        f" checkpoints; the log's epoch is now {done.epoch}"
    )
    typer.echo(f"{done.keys:,} keys of persons are back; {done.shredded:,} are shredded")
    if done.lost:
        typer.echo(f"{done.lost:,} of them were in no file: what was sealed under them is gone")
    typer.echo("workers derive the read models from the log as soon as they run")


def _document(done: Restored) -> dict[str, object]:
    return {
        "position": done.position,
        "epoch": str(done.epoch),
        "answers": done.answers,
        "checkpoints": done.checkpoints,
        "keys": done.keys,
        "shredded": done.shredded,
        "lost": done.lost,
    }


def _done(work: Callable[[], T]) -> T:
    try:
        return work()
    except NotVerified as wrong:
        for found in wrong.findings.listed():
            typer.echo(f"  {found.kind}: {found.detail}", err=True)
        fail("the backup's log does not verify; nothing was restored")
    except (NoBackup, NotEmpty, NotTaken, OSError) as error:
        fail(str(error))
