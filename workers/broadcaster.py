"""The broadcaster: each event rendered once as clients see it, for all gateways."""

from collections.abc import Sequence

import orjson

from domain.catalogue import public_event
from domain.events import Recorded
from infra.redis.publisher import Published, StreamLost, StreamPublisher


def live_message(recorded: Recorded) -> bytes:
    """Render an event as the message that subscribers get."""
    return orjson.dumps({"type": "event", **public_event(recorded)})


class Broadcaster:
    """Writes a partition's live stream."""

    def __init__(self, publisher: StreamPublisher, start: int) -> None:
        self._publisher = publisher
        self._previous = start

    async def deliver(self, events: Sequence[Recorded], reached: int) -> None:
        """Publish events; with none, say how far the partition is known to be complete."""
        entries: list[Published] = []
        previous = self._previous
        for recorded in events:
            entries.append(
                Published(recorded.position, previous, recorded.project_id.bytes, live_message(recorded))
            )
            previous = recorded.position
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
