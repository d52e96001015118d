"""The hash chain in Python, from the rows alone: what the function in the database is held against."""

import struct
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUERY = (
    "select originator_id, originator_version, notification_id, project_id, command_id, recorded_at, topic,"
    " state, metadata::text, hash from stored_events order by originator_id, originator_version"
)


def fields(row: tuple[Any, ...]) -> bytes:
    stream, version, position, project, command, at, topic, state, metadata, _ = row
    micros = (at - EPOCH) // timedelta(microseconds=1)
    topic = topic.encode()
    return b"".join(
        [
            stream.bytes,
            struct.pack("!qq", version, position),
            project.bytes,
            command.bytes,
            struct.pack("!q", micros),
            struct.pack("!i", len(topic)) + topic,
            struct.pack("!i", len(state)) + state,
            metadata.encode(),
        ]
    )


async def chain_of(connection: psycopg.AsyncConnection[Any]) -> dict[int, bytes]:
    """Recompute every stream's chain, and return the hashes by position.

    Raises:
        AssertionError: a stored hash is another.
    """
    found: dict[int, bytes] = {}
    last: dict[UUID, bytes] = defaultdict(bytes)
    for row in await (await connection.execute(QUERY)).fetchall():
        computed = sha256(last[row[0]] + fields(row)).digest()
        assert computed == row[9], f"position {row[2]}"
        last[row[0]] = found[row[2]] = computed
    return found
