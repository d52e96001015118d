r"""The keys of persons in files, and which of them may come back.

Two kinds of file hold one line of JSON for each generation of a person's key: `person`, `generation`,
`created_at`, `shredded_at` (null, or when the key was dropped) and in a backup of the keys `key` (base64, as
it is in the table: wrapped under PERSON_KEY_SECRET; null once it was dropped). What a backup of the log holds
is the same without `key`: whose data was shredded by then. `audit shred` adds to a third file, in the data
folder, what it drops. Whoever is shredded in any of them stays so.
"""

import base64
import binascii
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from infra.postgres.backup import KeyRow
from infra.sealing import KeyWrap, Unreadable

SHREDDED_FILE = "shredded.ndjson"


class NotTaken(Exception):
    """A file of keys, or its content, cannot be taken; the text says why."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person: str
    generation: int
    created_at: AwareDatetime
    shredded_at: AwareDatetime | None
    key: str | None = None


@dataclass(slots=True)
class Merged:
    """What the table is to hold, and whose keys are in no file: their data can be read by nobody."""

    rows: dict[tuple[str, int], KeyRow] = field(default_factory=dict)
    missing: list[KeyRow] = field(default_factory=list)


def write_keys(path: Path, rows: Iterable[KeyRow]) -> None:
    """Write keys into a new file that only its owner may read, durably.

    Raises:
        FileExistsError: it is there already.
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.writelines(_line(r, with_key=True) for r in rows)
        file.flush()
        os.fsync(descriptor)


def persons(rows: Iterable[KeyRow]) -> bytes:
    """Write down who has keys and whose were dropped, without any key."""
    return b"".join(_line(r, with_key=False) for r in rows)


def record_shredded(path: Path, rows: Iterable[KeyRow]) -> None:
    """Add to a file whose keys were dropped, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(persons(rows))
        file.flush()
        os.fsync(descriptor)


def read_rows(path: Path) -> list[KeyRow]:
    """Read any of these files.

    Raises:
        NotTaken: a line makes no sense.
        OSError: the file cannot be read.
    """
    rows: list[KeyRow] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            said = _Line.model_validate_json(line)
            key = None if said.key is None else base64.b64decode(said.key, validate=True)
        except (ValidationError, binascii.Error):
            raise NotTaken(f"{path}, line {number}: not as keys are written") from None
        rows.append(KeyRow(said.person, said.generation, key, said.created_at, said.shredded_at))
    return rows


def merged(known: Sequence[KeyRow], keys: Sequence[KeyRow], shredded: Sequence[KeyRow]) -> Merged:
    """Decide what may come back.

    Args:
        known: Who had keys when the log was backed up, without the keys.
        keys: A backup of keys, of any age.
        shredded: Whose keys were dropped, as far as it was written down elsewhere.
    """
    result = Merged({row.name: row for row in keys})
    dropped = {r.name: r for r in (*known, *shredded) if r.shredded_at is not None}
    for row in (*known, *dropped.values()):
        name = row.name
        end = dropped[name].shredded_at if name in dropped else None
        if end is not None:
            result.rows[name] = result.rows.get(name, row).shredded(end)
        elif name not in result.rows:
            result.missing.append(row)
    return result


def require_open(wrap: KeyWrap, rows: Iterable[KeyRow]) -> None:
    """Make sure that keys can be used.

    Raises:
        NotTaken: one does not open under this deployment's secret.
    """
    for row in rows:
        if row.key is None:
            continue
        try:
            wrap.unwrap(row.person, row.generation, row.key)
        except Unreadable:
            raise NotTaken(
                f"key {row.generation} of {row.person} does not open: PERSON_KEY_SECRET has to be what it was"
                " when the keys were backed up"
            ) from None


def _line(row: KeyRow, *, with_key: bool) -> bytes:
    said: dict[str, object] = {
        "person": row.person,
        "generation": row.generation,
        "created_at": _time(row.created_at),
        "shredded_at": _time(row.shredded_at) if row.shredded_at else None,
    }
    if with_key:
        said["key"] = None if row.key is None else base64.b64encode(row.key).decode()
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
