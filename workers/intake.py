"""What the relay published, read once in a process and handed to each of its duties that follows a partition."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from domain.events import EventRegistry, Recorded
from infra.redis.streams import StreamEntry, StreamReader
from infra.redis.wire import topic_of, unpack
from infra.settings import Settings

# Entries that wait for one follower: some seconds' worth at a thousand edits a second.
CAPACITY = 4_000


class Arrival:
    """One entry of a partition's stream; its event is unpacked when somebody asks for it first, for all."""

    __slots__ = ("_payload", "_recorded", "_registry", "position", "previous")

    def __init__(self, entry: StreamEntry, registry: EventRegistry) -> None:
        self.position = entry.position
        self.previous = entry.previous
        self._payload = entry.payload
        self._registry = registry
        self._recorded: Recorded | None = None

    @property
    def topic(self) -> str | None:
        """The topic of its event; None in a heartbeat."""
        return topic_of(self._payload) if self._payload else None

    @property
    def event(self) -> Recorded | None:
        """Its event; None in a heartbeat."""
        if self._recorded is None and self._payload:
            self._recorded = unpack(self._registry, self._payload)
        return self._recorded


class Mailbox:
    """What has come for one follower, which has not taken it yet.

    Past its capacity all of it is dropped: the next entry's predecessor tells the follower to read the log.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: list[Arrival] = []
        self._wake = asyncio.Event()

    def put(self, arrivals: Sequence[Arrival]) -> None:
        """Take what has come."""
        if len(self._waiting) + len(arrivals) > self._capacity:
            self._waiting = []
        self._waiting += arrivals[-self._capacity :]
        self._wake.set()

    async def wait(self) -> None:
        """Wait until something has come."""
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()

    def take(self) -> Sequence[Arrival]:
        """Return all that has come."""
        taken, self._waiting = self._waiting, []
        return taken


class Intake:
    """Reads the streams of those partitions that somebody here follows; where the relay itself is, it need not.

    Args:
        keys: the key of each partition's stream.
        capacity: how many entries may wait for one follower.
    """

    def __init__(
        self, settings: Settings, registry: EventRegistry, keys: Sequence[str], capacity: int = CAPACITY
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._keys = keys
        self._capacity = capacity
        self._mailboxes: list[set[Mailbox]] = [set() for _ in keys]
        self._changed = [asyncio.Event() for _ in keys]
        self._relayed = False

    @contextmanager
    def mailbox(self, partition: int) -> Iterator[Mailbox]:
        """Have all of a partition's entries from about now on; what comes before the first is found missing."""
        mine = Mailbox(self._capacity)
        self._mailboxes[partition].add(mine)
        self._changed[partition].set()
        try:
            yield mine
        finally:
            self._mailboxes[partition].discard(mine)
            self._changed[partition].set()

    @contextmanager
    def relayed(self) -> Iterator[None]:
        """Be handed all that is published, for the relay is in this process: the way through Redis is for others."""
        self._set_relayed(relayed=True)
        try:
            yield
        finally:
            self._set_relayed(relayed=False)

    def hand(self, partition: int, entries: Sequence[StreamEntry]) -> None:
        """Take entries that are published, in their order."""
        if mailboxes := self._mailboxes[partition]:
            arrivals = [Arrival(entry, self._registry) for entry in entries]
            for mailbox in mailboxes:
                mailbox.put(arrivals)

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for partition in range(len(self._keys)):
                tasks.create_task(self._serve(partition))

    def _set_relayed(self, *, relayed: bool) -> None:
        self._relayed = relayed
        for changed in self._changed:
            changed.set()

    def _is_to_read(self, partition: int) -> bool:
        return bool(self._mailboxes[partition]) and not self._relayed

    async def _serve(self, partition: int) -> None:
        """Read a partition's stream as long as that is the way to what anybody wants."""
        changed = self._changed[partition]
        while True:
            while not self._is_to_read(partition):
                changed.clear()
                await changed.wait()
            async with asyncio.TaskGroup() as tasks:
                reader = StreamReader(self._settings, {partition: self._keys[partition]}, self._take)
                reading = tasks.create_task(reader.run())
                while self._is_to_read(partition):
                    changed.clear()
                    await changed.wait()
                reading.cancel()

    async def _take(self, partition: int, entries: Sequence[StreamEntry]) -> None:
        self.hand(partition, entries)
