"""From a stream that may lose or repeat entries to the gapless sequence of a partition's events.

Each entry names its position and that of the partition's event before it. An entry whose predecessor has
not been seen shows a gap, and what is missing is read from the log: the stream makes delivery fast, the log
makes it right.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Positioned(Protocol):
    """Anything with a position in the log."""

    @property
    def position(self) -> int:
        """Its place in the log."""
        ...


T = TypeVar("T", bound=Positioned)

FILL_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One entry of a partition's stream.

    `item` is None in a heartbeat, which says that the partition has no event after `previous` up to
    `position`.
    """

    position: int
    previous: int
    item: T | None


class Feed(Generic[T]):
    """Delivers a partition's items once each, in order, whatever the stream does.

    Args:
        position: all items up to it have been delivered before.
        fill: reads at most `FILL_CHUNK` positions of the log after one position up to another, and returns
            the partition's items among them with the position it came to.
        deliver: takes items, and the position up to which the partition is thereby complete. When it
            raises, the same items come again.
    """

    def __init__(
        self,
        position: int,
        fill: Callable[[int, int], Awaitable[tuple[Sequence[T], int]]],
        deliver: Callable[[Sequence[T], int], Awaitable[None]],
    ) -> None:
        self.position = position
        self._fill = fill
        self._deliver = deliver
        self._lock = asyncio.Lock()

    async def take(self, entries: Sequence[Entry[T]]) -> None:
        """Take entries from the stream, in the stream's order."""
        async with self._lock:
            ready: list[T] = []
            reached = self.position
            for entry in entries:
                if entry.position <= reached:
                    continue
                if entry.previous > reached:
                    await self._hand_over(ready, reached)
                    ready = []
                    await self._catch_up(entry.previous)
                if entry.item is not None:
                    ready.append(entry.item)
                reached = entry.position
            await self._hand_over(ready, reached)

    async def catch_up(self, head: int) -> None:
        """Deliver everything up to the log's head from the log itself."""
        async with self._lock:
            await self._catch_up(head)

    async def _catch_up(self, target: int) -> None:
        while self.position < target:
            items, reached = await self._fill(self.position, target)
            await self._hand_over(items, reached)

    async def _hand_over(self, items: Sequence[T], reached: int) -> None:
        if reached > self.position:
            await self._deliver(items, reached)
            self.position = reached
