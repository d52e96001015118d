r"""A backup of the log and what cannot be derived from it: a folder.

    log.ndjson          the events, as `events export` writes them
    answers.ndjson      what commands were answered: one line of JSON each, bytes in base64
    checkpoints.ndjson  the signed checkpoints
    persons.ndjson      who has keys and whose were dropped, without any key (`personkeys`)
    backup.json         which log it was and when, and the SHA-256 of each file above

All of it is as of one position. The folder gets its name when it is complete and durable.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from infra.audit.exported import ExportedLog
from infra.audit.moving import export_log
from infra.audit.parallel import Progress
from infra.audit.personkeys import persons
from infra.audit.stored import StoredLog, read_head
from infra.audit.taking import settled, stored_log
from infra.audit.trail import kept_in_database
from infra.audit.verify import recompute
from infra.postgres.backup import Answer, answers, key_rows, one_moment
from infra.postgres.connections import session_options
from infra.settings import Settings

FORMAT = "decklog-backup-1"
MANIFEST, LOG, ANSWERS = "backup.json", "log.ndjson", "answers.ndjson"
CHECKPOINTS, PERSONS = "checkpoints.ndjson", "persons.ndjson"
FILES = (LOG, ANSWERS, CHECKPOINTS, PERSONS)


class NoBackup(Exception):
    """A folder is no whole backup, or is in the way of one; the text says why."""


class Manifest(BaseModel):
    """What `backup.json` says. `verified` tells whether every hash of the log was right when it was written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    epoch: str
    position: int
    made_at: str
    events: int
    answers: int
    checkpoints: int
    persons: int
    verified: bool
    sha256: dict[str, str]


class _AnswerLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    caller: str
    command_id: str
    request_hash: str
    status: int
    base: int
    body: str
    recorded_at: str


def back_up(settings: Settings, folder: Path, progress: Progress) -> Manifest:
    """Write a backup of the log as it is now; others go on writing.

    A log that does not verify is backed up too, and the manifest says so.

    Args:
        settings: Where the log is.
        folder: The folder to make.
        progress: Called with the number of events done.

    Raises:
        NoBackup: there is something of this name.
        OSError: it cannot be written.
        psycopg.Error: the database is away.
    """
    if folder.exists():
        raise NoBackup(f"{folder} is there already")
    if not stored_log(settings)[1].position:
        raise NoBackup("the log is empty: there is nothing to back up")
    draft = folder.with_name(folder.name + ".part")
    try:
        draft.mkdir(mode=0o700)
    except FileExistsError:
        raise NoBackup(f"{draft} is left over from a backup that was interrupted: delete it first") from None
    with settled(settings) as connection:
        # Answers come and go: these are the ones as of exactly this head. Events up to it do not change.
        with one_moment(connection):
            head = read_head(connection)
            count = _write(draft / ANSWERS, map(_answer_line, answers(connection)))
            lines = kept_in_database(connection)
            known = key_rows(connection)
        _write(draft / CHECKPOINTS, (f"{line}\n".encode() for line in lines))
        _write(draft / PERSONS, [persons(known)])
        source = StoredLog(settings.direct_dsn, session_options(settings), head.position)
        with (draft / LOG).open("wb") as out:
            events = export_log(source, out.write, progress)
            _sync(out.fileno())
    done = recompute(ExportedLog(draft / LOG))
    manifest = Manifest(
        format=FORMAT,
        epoch=str(head.epoch),
        position=head.position,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        events=events,
        answers=count,
        checkpoints=len(lines),
        persons=len(known),
        verified=not (done.findings or done.refused) and done.last == head.position,
        sha256={name: digest_of_file(draft / name) for name in FILES},
    )
    _write(draft / MANIFEST, [orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2)])
    _sync_folder(draft)
    draft.rename(folder)
    _sync_folder(folder.absolute().parent)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says of itself, and hold its files against it.

    Raises:
        NoBackup: it is none, or a file of it was changed.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise NoBackup(f"{folder} is no backup: {MANIFEST}: {error.strerror}") from None
    except ValidationError:
        raise NoBackup(f"{folder} is no backup that this release can read") from None
    if manifest.format != FORMAT:
        raise NoBackup(f"{folder} is a backup of another format: {manifest.format}")
    for name in FILES:
        try:
            digest = digest_of_file(folder / name)
        except OSError as error:
            raise NoBackup(f"{folder / name}: {error.strerror}") from None
        if digest != manifest.sha256.get(name):
            raise NoBackup(f"{folder / name} is not what was written: its SHA-256 is another")
    return manifest


def read_answers(path: Path) -> Iterator[Answer]:
    """Read answers.

    Raises:
        NoBackup: a line makes no sense.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                said = _AnswerLine.model_validate_json(line)
                yield Answer(
                    said.caller,
                    said.command_id,
                    base64.b64decode(said.request_hash, validate=True),
                    said.status,
                    said.base,
                    base64.b64decode(said.body, validate=True),
                    said.recorded_at,
                )
            except (ValidationError, binascii.Error):
                raise NoBackup(f"{path}, line {number}: no answer") from None


def digest_of_file(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _answer_line(answer: Answer) -> bytes:
    said = asdict(answer)
    said["request_hash"] = base64.b64encode(answer.request_hash).decode()
    said["body"] = base64.b64encode(answer.body).decode()
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def _write(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
            count += 1
        file.flush()
        _sync(file.fileno())
    return count


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
