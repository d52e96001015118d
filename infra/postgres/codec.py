"""Between events and the bytes that are stored."""

from collections.abc import Iterable
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


# The setters of a frozen class's slots: its own __init__ takes twice as long.
_set_position, _set_event, _set_project, _set_command, _set_at, _set_metadata = (
    getattr(Recorded, name).__set__
    for name in ("position", "event", "project_id", "command_id", "recorded_at", "metadata")
)


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
    return decode_all(registry, [row])[0]


def decode_all(registry: EventRegistry, rows: Iterable[Row]) -> list[Recorded]:
    """Rebuild events from rows of the log, in one go.

    Raises:
        UnknownTopic: this release does not know one of them.
    """
    found: list[Recorded] = []
    make, rebuild, loads = object.__new__, registry.rebuild, orjson.loads
    for position, stream, version, topic, state, project_id, command_id, recorded_at, metadata in rows:
        recorded = make(Recorded)
        _set_position(recorded, position)
        _set_event(recorded, rebuild(topic, stream, version, loads(state)))
        _set_project(recorded, project_id)
        _set_command(recorded, command_id)
        _set_at(recorded, recorded_at)
        _set_metadata(recorded, loads(metadata))
        found.append(recorded)
    return found
