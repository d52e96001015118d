"""The broadcaster: each event rendered once as clients see it, for all gateways."""

from collections.abc import Sequence

from domain.events import Recorded
from infra.redis.publisher import Published, StreamLost, StreamPublisher
from projections.live import live_item


class Broadcaster:
    """Writes a partition's live stream; `previous` is the position of the last event in it."""

    def __init__(self, publisher: StreamPublisher, previous: int) -> None:
        self._publisher = publisher
        self._previous = previous

    async def deliver(self, events: Sequence[Recorded], reached: int) -> None:
        """Publish events, and say how far the partition is known to be complete."""
        entries: list[Published] = []
        previous = self._previous
        for item in map(live_item, events):
            entries.append(Published(item.position, previous, item.route, item.message))
            previous = item.position
        try:
            await self._write(entries, reached, previous)
        except StreamLost:
            # Gateways find the gap by the next entry's predecessor, and fill it from the log.
            await self._write(entries, reached, previous)
        self._previous = previous

    async def _write(self, entries: Sequence[Published], reached: int, previous: int) -> None:
        if entries:
            await self._publisher.publish(entries)
        if reached > previous:
            await self._publisher.heartbeat(reached, previous)
