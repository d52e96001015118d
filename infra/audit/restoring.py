"""A backup into an empty database: the log goes on from there, under another epoch."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from infra.audit.backup import ANSWERS, CHECKPOINTS, LOG, PERSONS, read_answers, read_manifest
from infra.audit.moving import NotEmpty, fill, require_empty
from infra.audit.parallel import Progress
from infra.audit.personkeys import Merged, NotTaken, merged, read_rows, require_open
from infra.audit.stored import connect
from infra.audit.trail import kept_in_file
from infra.postgres.backup import KeyRow, has_more_than_events, put_answers, put_key_rows
from infra.postgres.connections import session_options
from infra.sealing import KeyWrap
from infra.settings import Settings

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keys of persons come from.

    `file` is a backup of keys, `shredded` are files that say whose were dropped, as far as they are there.
    `without` gives up what can be read with no key that is in the file.
    """

    file: Path | None = None
    shredded: Sequence[Path] = ()
    without: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: up to which position, under which epoch, how many answers, checkpoints and keys.

    `shredded` counts the keys that are gone, `lost` those of them that only were in no file.
    """

    position: int
    epoch: UUID
    answers: int
    checkpoints: int
    keys: int
    shredded: int
    lost: int


def restore(settings: Settings, folder: Path, keys: Keys, progress: Progress) -> Restored:
    """Fill an empty database with a backup: all of it, or nothing.

    Args:
        settings: Where to.
        folder: The backup of the log.
        keys: The backup of keys, which is kept apart from it.
        progress: Called with the number of events done.

    Raises:
        NoBackup: the folder is no backup.
        NotEmpty: the database is not empty.
        NotTaken: keys are missing, or do not open.
        NotVerified: a hash of the log is wrong.
        OSError: a file cannot be read.
        psycopg.Error: the database is away.
    """
    read_manifest(folder)
    found = _found(settings, folder, keys)
    now = datetime.now(UTC)
    rows = [*found.rows.values(), *(row.shredded(now) for row in found.missing)]
    options = session_options(settings, statement_timeout="0")
    lines = kept_in_file(folder / CHECKPOINTS)
    with closing(connect(settings.direct_dsn, options)) as connection, connection.transaction():
        require_empty(connection)
        if has_more_than_events(connection):
            raise NotEmpty("the database is not empty: a backup goes into one that was only migrated")
        position, epoch = fill(connection, folder / LOG, progress, lines)
        answers = put_answers(connection, read_answers(folder / ANSWERS))
        put_key_rows(connection, rows)
    dropped = sum(row.key is None for row in rows)
    return Restored(position, epoch, answers, len(lines), len(rows) - dropped, dropped, len(found.missing))


def _found(settings: Settings, folder: Path, keys: Keys) -> Merged:
    shredded: list[KeyRow] = []
    for path in keys.shredded:
        shredded += read_rows(path) if path.exists() else []
    found = merged(read_rows(folder / PERSONS), read_rows(keys.file) if keys.file else [], shredded)
    require_open(KeyWrap(settings.sealing_secret), found.rows.values())
    if found.missing and not keys.without:
        names = ", ".join(f"{r.person} ({r.generation})" for r in found.missing[:SHOWN])
        more = f" and {len(found.missing) - SHOWN:,} more" if len(found.missing) > SHOWN else ""
        raise NotTaken(
            f"the keys of {len(found.missing):,} persons are in no file: {names}{more}. Give a later backup of the"
            " keys with --keys, or say --without-keys: then their names and comments are shredded, for good"
        )
    return found
