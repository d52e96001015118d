"""Personal fields: a person's display name and e-mail, and event fields that a class declares `PERSONAL`.

In the log, and in all that is derived from it, a personal value stands sealed: `{"sealed": text, "key": n}`,
encrypted with the n-th key of the person who did it. It is bound to its place, so that a sealed value that
was moved elsewhere cannot be opened. Only what answers a reader reveals it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.events import Event, Recorded

# What of an actor is personal; the id is a pseudonym, which the log cannot do without.
ACTOR_FIELDS = ("name", "email")


def is_sealed(value: object) -> bool:
    """Tell whether a value is a sealed one."""
    return isinstance(value, dict) and "sealed" in value and "key" in value


def actor_place(metadata: Mapping[str, Any], field: str) -> str:
    """Return the place of an actor's field: the request, whose events share their metadata."""
    return f"{metadata.get('correlation_id', '')}\0actor.{field}"


def field_place(stream_id: UUID, command_id: UUID, field: str) -> str:
    """Return the place of an event's own field."""
    return f"{stream_id}\0{command_id}\0{field}"


def located_actor(recorded: Recorded, field: str) -> Any:
    """Return an actor's sealed field together with its place: all that is needed to reveal it."""
    value = recorded.metadata["actor"][field]
    return {**value, "of": actor_place(recorded.metadata, field)} if is_sealed(value) else value


def located_fields(recorded: Recorded) -> Event:
    """Return the event with its personal fields as sealed values together with their places."""
    event, fields = recorded.event, vars(recorded.event)
    return _changed(
        event,
        {
            name: {**value, "of": field_place(event.originator_id, recorded.command_id, name)}
            for name in event.PERSONAL
            if is_sealed(value := fields[name])
        },
    )


def without_fields(event: Event) -> Event:
    """Return the event without what is personal in it."""
    return _changed(event, dict.fromkeys(event.PERSONAL))


def with_sealed(event: Event, sealed: Mapping[str, Any]) -> Event:
    """Return the event with its personal fields sealed, as it is stored."""
    return _changed(event, sealed)


def _changed(event: Event, fields: Mapping[str, Any]) -> Event:
    # Around __init__, as replay does: a sealed value does not have the type that the field declares.
    changed = object.__new__(type(event))
    changed.__dict__.update(vars(event), **fields)
    return changed
