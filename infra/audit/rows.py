"""A row of the log as the bytes that its hash covers.

These bytes (`fields`) are what the SQL function `event_fields` makes of a row (migration 0002), all numbers
big-endian: stream 16, version 8, position 8, project 16, command 16, microseconds since 1970 8, length of the
topic 4, topic, length of the state 4, state, metadata to the end. The row's hash is SHA-256 over the hash of
the row before it in its stream (nothing for the first) and `fields`. So `(fields, hash)` is the whole row, in
the very form in which it is checked; nothing is taken apart that need not be.
"""

import struct
from typing import NamedTuple
from uuid import UUID

# What a hash covers, and the hash.
RawRow = tuple[bytes, bytes]

PREFIX = struct.Struct("!16sqq16s16sq")
# Only what every check needs: stream, version, position, microseconds.
BRIEF = struct.Struct("!16sqq32xq")
LENGTH = struct.Struct("!i")
HASH_SIZE = 32
FIRST = b""


class Event(NamedTuple):
    """A row's columns but its hash; ids are their 16 bytes, `micros` counts from 1970 in UTC."""

    stream: bytes
    version: int
    position: int
    project: bytes
    command: bytes
    micros: int
    topic: bytes
    state: bytes
    metadata: bytes

    @classmethod
    def unpack(cls, fields: bytes) -> "Event":
        """Take `fields` apart."""
        stream, version, position, project, command, micros = PREFIX.unpack_from(fields)
        topic, at = _sized(fields, PREFIX.size)
        state, at = _sized(fields, at)
        return cls(stream, version, position, project, command, micros, topic, state, fields[at:])


def _sized(fields: bytes, at: int) -> tuple[bytes, int]:
    (length,) = LENGTH.unpack_from(fields, at)
    end = at + LENGTH.size + length
    return fields[at + LENGTH.size : end], end


def place_of(fields: bytes) -> tuple[UUID, int, int]:
    """Return stream, version and position."""
    stream, version, position, _ = BRIEF.unpack_from(fields)
    return UUID(bytes=stream), version, position


def replaced(fields: bytes, version: int, position: int) -> bytes:
    """Return `fields` as they would be at another version and position."""
    return (
        fields[:16]
        + version.to_bytes(8, "big", signed=True)
        + position.to_bytes(8, "big", signed=True)
        + fields[32:]
    )
