"""The hub: every event of the log passes through each read process once, in order.

It feeds live subscribers, and it knows what changed last, which keeps cached documents true.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from infra.cancelling import stop_if_cancelled
from infra.postgres.event_log import PostgresEventLog
from infra.redis.job_messages import listen_to_jobs
from infra.redis.keys import Keys
from infra.redis.streams import StreamEntry, StreamReader
from infra.settings import Settings
from projections.feed import FILL_CHUNK, Entry, Feed
from projections.live import LiveItem, live_item, revealed, routed
from projections.partitions import partition_of
from projections.ports import Personal
from read_api.live.touched import Touched

logger = logging.getLogger(__name__)

# In heartbeats: how long the streams may be silent before the log is asked, and before nothing cached is
# believed any more.
SILENCE = 2.0
# Seconds: the most that silence is trusted. A right taken away has to close sockets within a second, also
# when the workers or Redis have just gone.
TRUST = 0.5
CONTACT = 4.0
LOOK_EVERY = 0.25
# Seconds: how often the log is asked for its epoch.
EPOCH_EVERY = 1.0
# What is told beside events to a reader who does not take it: as much is kept.
NOTES = 100
# The key of a project's list of blocks among what can change.
TREE = "tree"
# And that of its list of sessions.
SESSIONS = "sessions"


class Subscription:
    """One live reader of one project. It holds at most `capacity` events that were not taken yet."""

    def __init__(self, project_id: UUID, capacity: int) -> None:
        self.project_id = project_id
        self.overflowed = False
        self.ended = False
        self._capacity = capacity
        self._items: deque[LiveItem] = deque()
        self._notes: deque[bytes] = deque(maxlen=NOTES)
        self._wake = asyncio.Event()

    def push(self, item: LiveItem) -> None:
        """Hand an event over; past the capacity the reader has to go back to the log."""
        if len(self._items) >= self._capacity:
            self._items.clear()
            self.overflowed = True
        if not self.overflowed:
            self._items.append(item)
        self._wake.set()

    def tell(self, note: bytes) -> None:
        """Hand over what is no event; of those that nobody takes, the oldest are lost."""
        self._notes.append(note)
        self._wake.set()

    def notes(self) -> list[bytes]:
        """Return what was told since the last time."""
        notes = list(self._notes)
        self._notes.clear()
        return notes

    def end(self) -> None:
        """Nothing comes any more: the log is another one."""
        self._items.clear()
        self.ended = True
        self._wake.set()

    async def take(self) -> list[LiveItem]:
        """Wait for events and return all that have come; none if it has ended, or there are notes alone."""
        while not self._items and not self._notes and not self.overflowed and not self.ended:
            self._wake.clear()
            await self._wake.wait()
        items = list(self._items)
        self._items.clear()
        return items

    def restart(self) -> None:
        """Begin anew after an overflow: from here on nothing is missing."""
        self._items.clear()
        self.overflowed = False


class Listener(Protocol):
    """What is told everything that happens in one project."""

    def push(self, item: LiveItem) -> None:
        """Take the project's next event."""
        ...

    def tell(self, note: bytes) -> None:
        """Take what is no event."""
        ...

    def end(self) -> None:
        """Nothing comes any more: the log is another one."""
        ...


class Hub:
    """All events of all partitions, for this process, as long as the log keeps its epoch."""

    def __init__(
        self,
        settings: Settings,
        log: PostgresEventLog,
        epoch: UUID,
        head: int,
        on_project: Callable[[UUID], None],
        *,
        personal: Personal,
    ) -> None:
        self._settings = settings
        self._log = log
        self._epoch = epoch
        self._ended = asyncio.Event()
        self._on_project = on_project
        self._personal = personal
        self._listeners: dict[UUID, set[Listener]] = {}
        self._feeds = [self._feed(k, head) for k in range(settings.stream_partitions)]
        self._heard = [float("-inf")] * settings.stream_partitions
        self._known_at = [float("-inf")] * settings.stream_partitions
        self.touched = Touched(head)

    async def run(self) -> None:
        """Follow the log until it has another epoch; then nothing that is known here is true any more."""
        keys = Keys.of(self._epoch)
        streams = {k: keys.live_stream(k) for k in range(len(self._feeds))}
        channels = [keys.job_messages(k) for k in streams]
        async with asyncio.TaskGroup() as tasks:
            following = [
                tasks.create_task(self._mind_silence()),
                tasks.create_task(StreamReader(self._settings, streams, self._take).run()),
                tasks.create_task(self._mind_epoch()),
                tasks.create_task(listen_to_jobs(self._settings, channels, self._tell)),
            ]
            await self._ended.wait()
            for task in following:
                task.cancel()

    def position(self, partition: int) -> int:
        """Return the position up to which this process knows all of a partition's events."""
        return self._feeds[partition].position

    def in_contact(self, partition: int) -> bool:
        """Tell whether the knowledge of a partition is current enough to believe what is cached."""
        return self.silence(partition) <= self.patience

    @property
    def patience(self) -> float:
        """For how many seconds of silence what is cached is believed."""
        return CONTACT * self._settings.relay_heartbeat_ms / 1000

    def silence(self, partition: int) -> float:
        """Return for how many seconds nothing was heard of a partition: what is known of it may be as old."""
        if self._ended.is_set():
            return math.inf
        return time.monotonic() - self._known_at[partition]

    def listen(self, project_id: UUID, listener: Listener) -> None:
        """Begin to tell of a project: every event after its partition's position of now."""
        self._listeners.setdefault(project_id, set()).add(listener)
        if self._ended.is_set():
            listener.end()

    def stop_listening(self, project_id: UUID, listener: Listener) -> None:
        """Tell it no more."""
        group = self._listeners.get(project_id)
        if group is not None:
            group.discard(listener)
            if not group:
                del self._listeners[project_id]

    def subscribe(self, project_id: UUID) -> Subscription:
        """Begin to collect a project's events for one reader."""
        subscription = Subscription(project_id, self._settings.live_queue_max)
        self.listen(project_id, subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop collecting."""
        self.stop_listening(subscription.project_id, subscription)

    def _feed(self, partition: int, head: int) -> "Feed[LiveItem]":
        async def fill(after: int, to: int) -> tuple[Sequence[LiveItem], int]:
            events = await self._log.after(after, FILL_CHUNK, to=to)
            reached = events[-1].position if len(events) == FILL_CHUNK else to
            partitions = self._settings.stream_partitions
            return [
                live_item(e) for e in events if partition_of(e.project_id, partitions) == partition
            ], reached

        return Feed(head, fill, self._deliver)

    async def _deliver(self, items: Sequence[LiveItem], _: int) -> None:
        """Remember what changed, and hand on what somebody here listens to: only that is looked into."""
        for item in items:
            self._touch(item)
        shown: dict[int, LiveItem] = {}
        # Who begins to listen while names are revealed is owed all of these too.
        while wanted := [i for i in items if i.project_id in self._listeners and i.position not in shown]:
            shown |= {i.position: i for i in await revealed(wanted, self._personal)}
        for item in sorted(shown.values(), key=_position):
            for listener in tuple(self._listeners.get(item.project_id, ())):
                listener.push(item)

    def _touch(self, item: LiveItem) -> None:
        self.touched.mark((item.stream_id, item.kind), item.position)
        if item.kind == "project":
            self._on_project(item.project_id)
        elif item.kind == "block":
            self.touched.mark((item.project_id, TREE), item.position)
        elif item.kind == "collaboration-session":
            self.touched.mark((item.project_id, SESSIONS), item.position)

    def _tell(self, project_id: UUID, note: bytes) -> None:
        for listener in tuple(self._listeners.get(project_id, ())):
            listener.tell(note)

    async def _take(self, partition: int, entries: Sequence[StreamEntry]) -> None:
        await self._feeds[partition].take(
            [
                Entry(e.position, e.previous, routed(e.position, e.route, e.payload) if e.payload else None)
                for e in entries
            ]
        )
        self._heard[partition] = self._known_at[partition] = time.monotonic()

    async def _mind_silence(self) -> None:
        """Read the log while a stream says nothing: Redis may be away, the relay or broadcaster may be."""
        patience = min(TRUST, SILENCE * self._settings.relay_heartbeat_ms / 1000)
        while True:
            silent = [k for k, at in enumerate(self._heard) if time.monotonic() - at > patience]
            if silent:
                try:
                    await self._ask_log(silent)
                except Exception:
                    # Without contact nothing cached is believed; the next look tries again.
                    logger.exception("the log cannot be followed")
            stop_if_cancelled()
            await asyncio.sleep(LOOK_EVERY)

    async def _ask_log(self, partitions: Sequence[int]) -> None:
        asked = time.monotonic()
        head, _ = await self._log.head()
        for k in partitions:
            await self._feeds[k].catch_up(head)
            self._known_at[k] = asked

    async def _mind_epoch(self) -> None:
        while True:
            await asyncio.sleep(EPOCH_EVERY)
            stop_if_cancelled()
            try:
                _, epoch = await self._log.head()
            except Exception:
                logger.exception("the log's epoch is not known")
                continue
            if epoch != self._epoch:
                logger.warning("the log has epoch %s now, and had %s: all begins anew", epoch, self._epoch)
                self._end()
                return

    def _end(self) -> None:
        self._ended.set()
        for listener in [one for group in self._listeners.values() for one in group]:
            listener.end()


def _position(item: LiveItem) -> int:
    return item.position
