"""Raw rows into a table, by binary COPY; see "Binary Format" in PostgreSQL's manual of COPY."""

import struct
from collections.abc import Callable, Iterable, Iterator

import psycopg
from psycopg.sql import SQL, Identifier

from infra.audit.rows import PREFIX, Event, RawRow
from infra.audit.stored import EPOCH_2000

_BUFFER = 1 << 20
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_FIXED = struct.Struct("!hi16siqiqi16si16siqi32s")
_LENGTH = struct.Struct("!i")
_COPY = SQL(
    """copy {} (originator_id, originator_version, notification_id, project_id, command_id,
    recorded_at, hash, topic, state, metadata) from stdin (format binary)"""
)


def copy_in(
    connection: psycopg.Connection,
    table: str,
    rows: Iterable[RawRow],
    take: Callable[[Iterator[RawRow]], None],
) -> None:
    """Write rows into a table as `take` draws them; when it raises, nothing was written.

    What goes in is so what was looked at, and not what a file holds a moment later.
    """
    with connection.cursor() as cursor, cursor.copy(_COPY.format(Identifier(table))) as copy:
        copy.write(_HEADER)
        take(_passing(rows, copy.write))
        copy.write(_TRAILER)


def _passing(rows: Iterable[RawRow], write: Callable[[bytes], object]) -> Iterator[RawRow]:
    buffer = bytearray()
    for row in rows:
        buffer += _binary(*row)
        if len(buffer) >= _BUFFER:
            write(bytes(buffer))
            buffer = bytearray()
        yield row
    write(bytes(buffer))


def _binary(fields: bytes, digest: bytes) -> bytes:
    stream, version, position, project, command, micros = PREFIX.unpack_from(fields)
    event = Event.unpack(fields)
    fixed = _FIXED.pack(
        10, 16, stream, 8, version, 8, position, 16, project, 16, command, 8, micros - EPOCH_2000, 32, digest
    )  # fmt: skip
    # The topic and the state stand in `fields` with their lengths, as here.
    middle = fields[PREFIX.size : len(fields) - len(event.metadata)]
    return fixed + middle + _LENGTH.pack(len(event.metadata)) + event.metadata
