"""History needs no rows of its own: it is the log, told in the public catalogue's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from domain.catalogue import CATALOGUE, public_event
from domain.event_schemas import event_schemas
from domain.events import Recorded
from projections.ports import Personal

__all__ = ["KINDS", "NAMES", "Recorded", "Selection", "event_schemas", "ndjson", "told", "topics_of"]

# The stored topics of each event that the catalogue names, and of each kind of stream.
NAMES = {name: event.TOPIC for event, (name, _) in CATALOGUE.items()}
KINDS = {
    kind: frozenset(e.TOPIC for e in CATALOGUE if kind == e.KIND)
    for kind in sorted({e.KIND for e in CATALOGUE})
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events of a project are asked for; what is None or empty selects nothing out.

    `after` (not included) and `to` (included) are positions. `topics` are stored ones. Where a stream is
    named, `edge` is the version that the page before ended at, else the position.
    """

    project_id: UUID
    after: int
    to: int
    stream_id: UUID | None = None
    topics: Sequence[str] = ()
    actor: str | None = None
    descending: bool = False
    edge: int | None = None

    def edge_of(self, last: Recorded) -> int:
        """Return what the next page is to begin after, when this one ends with an event."""
        return last.position if self.stream_id is None else last.event.originator_version


def topics_of(names: Iterable[str]) -> set[str]:
    """Return the stored topics that are meant by public names of events, or by themselves.

    Raises:
        LookupError: one is neither; it says which.
    """
    stored = set(NAMES.values())
    found = set()
    for name in names:
        topic = NAMES.get(name, name)
        if topic not in stored:
            raise LookupError(name)
        found.add(topic)
    return found


async def told(events: Iterable[Recorded], personal: Personal) -> Sequence[dict[str, Any]]:
    """Describe events to a reader, with what is personal in them as far as it still can be told.

    Raises:
        Unavailable: that cannot be found out now.
    """
    public = [public_event(e, sealed=True) for e in events]
    await personal.reveal(public)
    return public


def ndjson(public: Iterable[dict[str, Any]]) -> bytes:
    """Render public events as lines of JSON."""
    return b"".join(orjson.dumps(e, option=orjson.OPT_APPEND_NEWLINE) for e in public)
