"""The events of a partition's stream as bytes."""

from datetime import datetime
from uuid import UUID

import orjson

from domain.events import EventRegistry, Recorded
from infra.postgres.codec import Row, decode


def pack(row: Row) -> bytes:
    """Pack a row of the log."""
    position, stream, version, topic, state, project_id, command_id, recorded_at, metadata = row
    return orjson.dumps(
        (position, stream, version, topic, state.decode(), project_id, command_id, recorded_at, metadata)
    )


def topic_of(payload: bytes) -> str:
    """Return the topic of a packed row, which stands behind its position, stream and version."""
    return payload.split(b'"', 4)[3].decode()


def unpack(registry: EventRegistry, payload: bytes) -> Recorded:
    """Rebuild an event from its packed row."""
    position, stream, version, topic, state, project_id, command_id, recorded_at, metadata = orjson.loads(
        payload
    )
    return decode(
        registry,
        (
            position,
            UUID(stream),
            version,
            topic,
            state,
            UUID(project_id),
            UUID(command_id),
            datetime.fromisoformat(recorded_at),
            metadata,
        ),
    )
