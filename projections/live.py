"""Events as live readers get them, and how they are routed."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from domain.catalogue import public_event
from domain.events import Recorded

ENVELOPE = b'{"type":"event",'


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
    def route(self) -> bytes:
        """The project's id, the stream's id, and the stream's kind."""
        return self.project_id.bytes + self.stream_id.bytes + self.kind.encode()


def live_item(recorded: Recorded) -> LiveItem:
    """Render an event for live readers."""
    event = recorded.event
    message = ENVELOPE + orjson.dumps(public_event(recorded))[1:]
    return LiveItem(recorded.position, recorded.project_id, event.originator_id, event.KIND, message)


def routed(position: int, route: bytes, message: bytes) -> LiveItem:
    """Rebuild an item from its route and message."""
    return LiveItem(position, UUID(bytes=route[:16]), UUID(bytes=route[16:32]), route[32:].decode(), message)
