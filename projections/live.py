"""Events as live readers get them, and how they are routed.

On its way through Redis an event holds personal values as they are sealed: Redis keeps files and replicas of
its own, where nothing could be shredded. Each gateway reveals them, once an event, for all its readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

from domain.catalogue import public_event
from domain.events import Recorded
from projections.conflicts.queries import of_event
from projections.ports import Personal

ENVELOPE = b'{"type":"event",'
# In JSON this is a key and never somebody's text, where the quotes would be escaped.
SEALED = b'"sealed":"'
# An event's name stands before anything that somebody wrote: behind the envelope and the position.
CONFLICTED = b'"event":"block-edit-conflicted"'
NAMED_BY = len(ENVELOPE) + len(b'"position":,') + 19 + len(CONFLICTED)


# The kind of what is told live and is no event: it has no position of its own, and is kept nowhere.
NOTE = "note"


@dataclass(frozen=True, slots=True)
class LiveItem:
    """One event as a ready-made message, with what is needed to route it without parsing it."""

    position: int
    project_id: UUID
    stream_id: UUID
    kind: str
    message: bytes

    @property
    def event(self) -> bytes:
        """The event alone, without the message's type: as history shows it."""
        return b"{" + self.message[len(ENVELOPE) :]

    @property
    def conflict(self) -> bytes | None:
        """What goes out right after it, where it keeps a conflict: that is also told as a message of its own.

        It is made when it is asked for: of most events that pass by, nobody here asks.
        """
        if CONFLICTED not in self.message[:NAMED_BY]:
            return None
        return orjson.dumps({"type": "conflict", **of_event(orjson.loads(self.message))})

    @property
    def route(self) -> bytes:
        """The project's id, the stream's id, and the stream's kind."""
        return self.project_id.bytes + self.stream_id.bytes + self.kind.encode()


def live_item(recorded: Recorded) -> LiveItem:
    """Render an event for live readers, personal values still sealed."""
    event = recorded.event
    message = ENVELOPE + orjson.dumps(public_event(recorded, sealed=True))[1:]
    return LiveItem(recorded.position, recorded.project_id, event.originator_id, event.KIND, message)


def routed(position: int, route: bytes, message: bytes) -> LiveItem:
    """Rebuild an item from its route and message."""
    project, stream = UUID(bytes=route[:16]), UUID(bytes=route[16:32])
    return LiveItem(position, project, stream, route[32:].decode(), message)


async def revealed(items: Sequence[LiveItem], personal: Personal) -> Sequence[LiveItem]:
    """Return the items with what is personal in them as far as it still can be told.

    Raises:
        Unavailable: that cannot be found out now.
    """
    sealed = {i: orjson.loads(item.event) for i, item in enumerate(items) if SEALED in item.message}
    if not sealed:
        return items
    await personal.reveal(list(sealed.values()))
    return [
        replace(item, message=ENVELOPE + orjson.dumps(sealed[i])[1:]) if i in sealed else item
        for i, item in enumerate(items)
    ]
