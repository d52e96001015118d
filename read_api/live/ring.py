"""The latest events of a project as frames, once for all its sockets."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson

from projections.live import LiveItem
from read_api.live.frames import Message

# Bytes of frames in one write to one socket, and in a ring at most.
WRITE_MAX = 262_144
RING_BYTES = 8 * 2**20
# Events kept when everybody has them, for those who come back in a moment.
KEPT = 32
REVOKED = b'"access-revoked"'


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as messages: itself, and what is told right after it."""

    position: int
    messages: Sequence[Message]
    size: int

    @classmethod
    def of(cls, item: LiveItem, threshold: int) -> "Shown":
        """Frame an event; messages are compressed from `threshold` bytes on."""
        conflict = item.conflict
        payloads = [item.message] if conflict is None else [item.message, conflict]
        messages = [Message(p, threshold) for p in payloads]
        return cls(item.position, messages, sum(len(m.plain) for m in messages))

    def revokes(self, user: str) -> bool:
        """Tell whether the event takes a user's access away."""
        message = self.messages[0].payload
        if REVOKED not in message:
            return False
        event = orjson.loads(message)
        return bool(event["event"] == "access-revoked" and event["data"]["user"] == user)


class Batch:
    """Consecutive events as the bytes of one write, built once for sockets with and once for those without compression."""

    def __init__(self, items: Sequence[Shown]) -> None:
        self._messages = [m for shown in items for m in shown.messages]
        self.last = items[-1].position
        self.count = len(self._messages)

    @cached_property
    def plain(self) -> bytes:
        """The bytes for a socket without compression."""
        return b"".join([m.plain for m in self._messages])

    @cached_property
    def compressed(self) -> bytes:
        """The bytes for a socket with compression."""
        return b"".join([m.compressed for m in self._messages])

    def wire(self, *, deflate: bool) -> bytes:
        """Return the bytes to write."""
        return self.compressed if deflate else self.plain


class Ring:
    """Every event of a project after `floor`, up to `last`; bounded in number and bytes."""

    def __init__(self, floor: int, capacity: int) -> None:
        self.floor = self.last = floor
        self._capacity = capacity
        self._items: deque[Shown] = deque()
        self._bytes = 0

    def push(self, shown: Shown) -> None:
        """Add the next event; past the capacity the oldest are dropped."""
        self._items.append(shown)
        self._bytes += shown.size
        self.last = shown.position
        while len(self._items) > self._capacity or self._bytes > RING_BYTES:
            self._drop_oldest()

    def settle(self) -> None:
        """Keep only a few: everybody has all of it."""
        while len(self._items) > KEPT:
            self._drop_oldest()

    def after(self, position: int) -> Batch:
        """Return what comes after a position that is not below the floor, as much as one write takes."""
        found = self._after(position)
        size = 0
        for n, shown in enumerate(found, 1):
            size += shown.size
            if size >= WRITE_MAX:
                return Batch(found[:n])
        return Batch(found)

    def before_revocation(self, position: int, user: str) -> Batch | None:
        """Return what comes after a position and before the user's access was taken away; None: nothing, or unknown."""
        found = self._after(position)
        for n, shown in enumerate(found):
            if shown.revokes(user):
                return Batch(found[:n]) if n else None
        return None

    def _after(self, position: int) -> list[Shown]:
        found: list[Shown] = []
        for shown in reversed(self._items):
            if shown.position <= position:
                break
            found.append(shown)
        found.reverse()
        return found

    def _drop_oldest(self) -> None:
        oldest = self._items.popleft()
        self._bytes -= oldest.size
        self.floor = oldest.position
