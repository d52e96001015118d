"""Moves a log out of a database and into another."""

import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import psycopg

from infra.audit.cloudevents import render
from infra.audit.exported import ExportedLog
from infra.audit.findings import Findings
from infra.audit.parallel import Progress
from infra.audit.rows import PREFIX, Event, RawRow
from infra.audit.scan import TICK
from infra.audit.stored import EPOCH_2000, StoredLog, connect
from infra.audit.verify import recompute_rows
from infra.postgres.connections import session_options
from infra.settings import Settings

_BUFFER = 1 << 20
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_FIXED = struct.Struct("!hi16siqiqi16si16siqi32s")
_LENGTH = struct.Struct("!i")
_COPY = """copy stored_events (originator_id, originator_version, notification_id, project_id, command_id,
    recorded_at, hash, topic, state, metadata) from stdin (format binary)"""


class NotEmpty(Exception):
    """The log to import into has events, or had some."""


class NotVerified(Exception):
    """What was to be imported is not a whole log that verifies."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        self.findings = findings


def export_log(source: StoredLog, write: Callable[[bytes], object], progress: Progress) -> int:
    """Write events as lines, see `cloudevents`; memory is constant. Return how many there were."""
    buffer = bytearray()
    events = 0
    for events, row in enumerate(source.rows(source.whole), 1):
        buffer += render(row)
        if len(buffer) >= _BUFFER:
            write(bytes(buffer))
            buffer = bytearray()
        if not events % TICK:
            progress(events)
    write(bytes(buffer))
    progress(events)
    return events


def import_log(settings: Settings, path: Path, progress: Progress) -> tuple[int, UUID]:
    """Fill an empty log with an exported whole one: all of it, or nothing.

    Positions, times and hashes stay as they are; the epoch is a new one. Answers recorded for repeats of
    commands are not in an export, so a command sent again after an import is a new one.

    Args:
        settings: Where the log is.
        path: The exported file.
        progress: Called with the number of events done.

    Returns:
        The head position and the new epoch.

    Raises:
        NotEmpty: the log is not empty.
        NotVerified: a hash is wrong, or something is missing: then nothing was written.
        OSError: the file cannot be read.
        psycopg.Error: the database is away.
    """
    options = session_options(settings, statement_timeout="0")
    with closing(connect(settings.direct_dsn, options)) as connection, connection.transaction():
        # Holding the head keeps writers out until the end.
        head = connection.execute("select position from log_head for update").fetchone()
        some = connection.execute("select exists (select from stored_events)").fetchone()
        if head is None or head[0] != 0 or some is None or some[0]:
            raise NotEmpty("the log is not empty: a log is imported into a database that was only migrated")
        log = ExportedLog(path)
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write(_HEADER)
            # What goes in is what is checked: the file may be another than a moment ago.
            done = recompute_rows(_copied(log.rows(log.whole), copy.write), progress)
            if done.findings or done.refused or not done.events:
                raise NotVerified(done.findings)
            copy.write(_TRAILER)
        row = connection.execute(
            "update log_head set position = notification_id, recorded_at = s.recorded_at, epoch = gen_random_uuid()"
            " from stored_events s where notification_id = %s returning epoch",
            [done.last],
        ).fetchone()
        connection.execute("select pg_notify('decklog_log', %s)", [str(done.last)])
    if row is None:
        raise psycopg.DataError("the head row is gone")
    return done.last, row[0]


def _copied(rows: Iterator[RawRow], write: Callable[[bytes], object]) -> Iterator[RawRow]:
    buffer = bytearray()
    for row in rows:
        buffer += _binary(*row)
        if len(buffer) >= _BUFFER:
            write(bytes(buffer))
            buffer = bytearray()
        yield row
    write(bytes(buffer))


def _binary(fields: bytes, digest: bytes) -> bytes:
    """Write a row as binary COPY has it; see "Binary Format" in PostgreSQL's manual of COPY."""
    stream, version, position, project, command, micros = PREFIX.unpack_from(fields)
    event = Event.unpack(fields)
    fixed = _FIXED.pack(
        10, 16, stream, 8, version, 8, position, 16, project, 16, command, 8, micros - EPOCH_2000, 32, digest
    )  # fmt: skip
    # The topic and the state stand in `fields` with their lengths, as here.
    middle = fields[PREFIX.size : len(fields) - len(event.metadata)]
    return fixed + middle + _LENGTH.pack(len(event.metadata)) + event.metadata
