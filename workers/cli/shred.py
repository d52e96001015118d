"""`decklog audit shred`."""

from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from infra.audit.personkeys import SHREDDED_FILE, record_shredded
from infra.bootstrap import worker_side
from infra.postgres.shredding import Shredded, shred
from infra.settings import Settings
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run

QUESTION = "Nobody will ever read the name, e-mail and comments of {person} again, not from a backup of the log either. Go on?"


def shred_person(
    person: Annotated[str, typer.Argument(help="Whose data: the `sub` of the person's tokens.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Make a person's name, e-mail and comments unreadable, for good; the log itself stays as it is."""
    settings = found_settings(data_dir)
    if not yes:
        if as_json:
            fail("this cannot be undone: with --json, say --yes too")
        typer.confirm(QUESTION.format(person=person), abort=True, err=True)
    done = run(_shred(settings, person))
    _record(data_dir, done)
    if as_json:
        typer.echo(orjson.dumps(_document(person, done)).decode())
        return
    for line in _lines(person, done):
        typer.echo(line)


def _record(data_dir: Path, done: Shredded) -> None:
    """Write down what was dropped, where a backup of keys from before can be held against it."""
    path = data_dir / SHREDDED_FILE
    try:
        record_shredded(path, done.rows)
    except OSError as error:
        typer.secho(
            f"it is done, but {path} cannot be written: {error.strerror}. Delete every backup of keys from before"
            " now, or a restore of one would bring the keys back",
            fg="yellow",
            err=True,
        )


async def _shred(settings: Settings, person: str) -> Shredded:
    side = worker_side(settings)
    await side.start()
    try:
        return await shred(side.pool, person)
    finally:
        await side.stop()


def _document(person: str, done: Shredded) -> dict[str, Any]:
    earlier = [{"generation": g, "shredded_at": at.astimezone(UTC)} for g, at in done.earlier.items()]
    return {"person": person, "dropped": done.dropped, "dropped_before": earlier}


def _lines(person: str, done: Shredded) -> list[str]:
    lines = [
        f"key {g} of {person}: dropped before, at {at:%Y-%m-%d %H:%M:%S} UTC"
        for g, at in done.earlier.items()
    ]
    lines += [
        f"key {g} of {person}: dropped now; running processes forget it within 5 s" for g in done.dropped
    ]
    if done.dropped:
        lines.append("what was sealed under it is noise in the log, read models, caches, exports and backups")
        lines.append("remove the key from the backups of the keys too, and from archived WAL")
    return lines or [f"{person} has no key: nothing personal was ever recorded"]
