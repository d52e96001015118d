"""What all events share: identity, explicit topics, versions and upcasting.

Events are frozen dataclasses of the shape that the `eventsourcing` library expects (`originator_id`,
`originator_version`, a `TOPIC`, `class_version` and `upcast_v1_v2` methods), so that its own mapper and
recorders read our log. Their other fields are plain JSON values: they are stored for ever and read by
programs not yet written. Who did it and when stands in the envelope (`Recorded`), not in the event.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Event:
    """One fact of one stream. `originator_version` counts the stream's events from 1, without gaps."""

    TOPIC: ClassVar[str]
    KIND: ClassVar[str]
    class_version: ClassVar[int] = 1
    # Fields that say something about a person (`domain.personal`). They keep their names in every version,
    # for they are sealed under them, and no aggregate keeps them in its state.
    PERSONAL: ClassVar[tuple[str, ...]] = ()
    # Fields that came later and most events have no use for: they are not stored while they have their default.
    OPTIONAL: ClassVar[tuple[str, ...]] = ()
    # Whether it changes a project's outline (`domain.outline`).
    STRUCTURAL: ClassVar[bool] = False

    originator_id: UUID
    originator_version: int

    def data(self) -> dict[str, Any]:
        """Return the event's own fields, as they are stored."""
        fields = dict(vars(self))
        del fields["originator_id"], fields["originator_version"]
        for name in self.OPTIONAL:
            if name in fields and fields[name] == getattr(type(self), name):
                del fields[name]
        return fields


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the log holds it.

    `position` is its place in the whole log (1 is the first, no gaps), `recorded_at` is UTC and never runs
    backwards along the log, `metadata` holds the actor (`{"id", "kind"}`) and what caused the event.
    """

    position: int
    event: Event
    project_id: UUID
    command_id: UUID
    recorded_at: datetime
    metadata: Mapping[str, Any]

    @property
    def actor(self) -> str:
        """The id of the person or machine that did it."""
        actor: str = self.metadata["actor"]["id"]
        return actor


class UnknownTopic(LookupError):
    """A stored topic that this release does not know: it was written by a newer one, or by another program."""


class NewerVersion(LookupError):
    """A stored event of a version that this release does not know yet: a newer one wrote it."""


class EventRegistry:
    """Finds event types by topic and rebuilds events from their stored fields, upcasting old versions."""

    def __init__(self, types: Iterable[type[Event]]) -> None:
        self._types: dict[str, type[Event]] = {}
        for event_type in types:
            if self._types.setdefault(event_type.TOPIC, event_type) is not event_type:
                raise ValueError(f"two event types claim the topic {event_type.TOPIC}")

    @property
    def types(self) -> Mapping[str, type[Event]]:
        """All event types by topic."""
        return self._types

    def kind(self, topic: str) -> str:
        """Return the kind of stream (`project`, `block`, …) that a topic belongs to.

        Raises:
            UnknownTopic: no event type has this topic.
        """
        try:
            return self._types[topic].KIND
        except KeyError:
            raise UnknownTopic(topic) from None

    def rebuild(self, topic: str, stream: UUID, version: int, fields: dict[str, Any]) -> Event:
        """Make the event again from its stored fields; `fields` is used up.

        Raises:
            UnknownTopic: no event type has this topic.
            NewerVersion: the event type has it in a later version only.
        """
        event_type = self._types.get(topic)
        if event_type is None:
            raise UnknownTopic(topic)
        stored_version = fields.pop("class_version", 1)
        if stored_version != event_type.class_version:
            _upcast(event_type, stored_version, fields)
        fields["originator_id"] = stream
        fields["originator_version"] = version
        # Stored events were valid when they were written: going around __init__, and around the lookup of
        # __setattr__, makes replay several times as fast.
        event: Event = _make(event_type)
        _set_fields(event, fields)
        return event


_make = object.__new__
_set_fields = vars(Event)["__dict__"].__set__


def _upcast(event_type: type[Event], stored_version: int, fields: dict[str, Any]) -> None:
    if stored_version > event_type.class_version:
        raise NewerVersion(f"{event_type.TOPIC} version {stored_version}")
    for version in range(stored_version, event_type.class_version):
        getattr(event_type, f"upcast_v{version}_v{version + 1}")(fields)
