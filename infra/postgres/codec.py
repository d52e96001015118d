"""Between events and the bytes that are stored."""

from datetime import datetime
from uuid import UUID

import orjson

from domain.events import Event, EventRegistry, Recorded

# What a reader selects, in the order in which `decode` takes it.
COLUMNS = (
    "notification_id, originator_id, originator_version, topic, state,"
    " project_id, command_id, stored_events.recorded_at, metadata::text"
)
Row = tuple[int, UUID, int, str, bytes, UUID, UUID, datetime, str]


def encode(event: Event) -> bytes:
    """Return the stored state of an event: its fields as JSON, and its class version when above 1."""
    data = event.data()
    if event.class_version > 1:
        data["class_version"] = event.class_version
    return orjson.dumps(data)


def decode(registry: EventRegistry, row: Row) -> Recorded:
    """Rebuild an event from a row of the log.

    Raises:
        UnknownTopic: this release does not know the event.
    """
    position, stream, version, topic, state, project_id, command_id, recorded_at, metadata = row
    event = registry.rebuild(topic, stream, version, orjson.loads(state))
    return Recorded(position, event, project_id, command_id, recorded_at, orjson.loads(metadata))
