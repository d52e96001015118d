"""Who is in which project, shared by gateways through Redis. Nothing of it is kept: it ends by itself.

Each gateway has a field of its own in a project's hash and writes it anew every `BEAT` seconds, and at once
when somebody comes or goes. A field that has not changed for `EXPIRY` seconds is that of a gateway that died,
by the clock of whoever looks. What moves is only published. There are user ids in it, and no names.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from infra.cancelling import stop_if_cancelled
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.settings import Settings
from projections.partitions import partition_of

logger = logging.getLogger(__name__)

BEAT, EXPIRY = 3.0, 9.0
# Milliseconds that a project's hash outlives the last word in it.
HASH_TTL = 30_000
# Seconds between two rounds of writing: what comes meanwhile goes together.
ROUND, LOOK_EVERY, PAUSE = 0.03, 0.05, 1.0
# Bytes a second that may be told of one project.
TOLD_MAX = 50_000
# Projects in one pipeline: what is told of them is put together at a stretch, which sockets wait for.
CHUNK = 50
NAME_SIZE = 12
ENTRY, MOVED = b"p", b"c"


class Local(Protocol):
    """The rooms of this gateway."""

    def entry(self, project_id: UUID) -> bytes | None:
        """Say who is in a project here; None: nobody is any more."""
        ...

    def hear(self, project_id: UUID, gateway: str, entry: dict[str, Any]) -> None:
        """Take what another gateway says."""
        ...

    def hear_cursors(self, project_id: UUID, messages: Sequence[bytes]) -> None:
        """Take what moved on another gateway."""
        ...

    def expire(self, project_id: UUID) -> None:
        """Forget gateways that have been silent for `EXPIRY` seconds."""
        ...


class PresenceShare:
    """Tells other gateways who is here, and listens to them."""

    def __init__(self, settings: Settings, keys: Keys, rooms: Local) -> None:
        self.gateway = uuid4().hex[:NAME_SIZE]
        self._settings = settings
        self._keys = keys
        self._rooms = rooms
        # Projects with a room here and when each is to be told of again: the same pause for all, so in order.
        self._due: dict[UUID, float] = {}
        self._new: dict[UUID, None] = {}
        self._changed: dict[UUID, None] = {}
        self._left: dict[UUID, bytes] = {}
        # Until when a project rests before a change in it is told: the longer the more there is to tell.
        self._resting: dict[UUID, float] = {}
        self._moved: dict[UUID, list[bytes]] = {}
        self._wake = asyncio.Event()
        self._pubsub: PubSub | None = None
        self._heard: set[UUID] = set()
        self._rooms_differ = False

    def opened(self, project_id: UUID) -> None:
        """There is a room for a project now."""
        self._left.pop(project_id, None)
        self._due[project_id] = asyncio.get_running_loop().time() + BEAT
        self._new[project_id] = None
        self._rooms_differ = True
        self._wake.set()

    def closed(self, project_id: UUID, farewell: bytes) -> None:
        """There is none any more; `farewell` is what is to be said last."""
        self._due.pop(project_id, None)
        self._new.pop(project_id, None)
        self._changed.pop(project_id, None)
        self._rooms_differ = True
        self._moved.pop(project_id, None)
        self._left[project_id] = farewell
        self._wake.set()

    def changed(self, project_id: UUID) -> None:
        """Somebody came or went."""
        self._changed[project_id] = None
        self._wake.set()

    def moved(self, project_id: UUID, messages: Sequence[bytes]) -> None:
        """Something moved: messages as sockets get them."""
        self._moved.setdefault(project_id, []).extend(messages)
        self._wake.set()

    async def run(self) -> None:
        """Share until cancelled; Redis may come and go."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._write())

    # Telling.

    async def _write(self) -> None:
        async with redis_client(self._settings, connections=1) as redis:
            while True:
                try:
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                stop_if_cancelled()
                self._wake.clear()
                try:
                    await self._follow_rooms()
                    await self._round(redis)
                except (RedisError, OSError, TimeoutError) as away:
                    # The next beat says everything again.
                    logger.warning("who is here cannot be shared: %s", away)
                    await asyncio.sleep(PAUSE)
                except Exception:
                    # What one gateway said must not be the end of another.
                    logger.exception("who is here was not shared")
                await asyncio.sleep(ROUND)

    async def _round(self, redis: Redis) -> None:
        now = asyncio.get_running_loop().time()
        beating = self._take_due(now) | self._new
        self._new = {}
        self._resting = {p: until for p, until in self._resting.items() if until > now}
        changed = {p: None for p in self._changed if p not in self._resting}
        self._changed = {p: None for p in self._changed if p in self._resting}
        left, self._left = self._left, {}
        moved, self._moved = self._moved, {}
        entries: dict[UUID, bytes] = {}
        for project_id in [*beating, *(p for p in changed if p not in beating)]:
            entry = self._rooms.entry(project_id)
            if entry is not None:
                entries[project_id] = entry
                self._resting[project_id] = now + len(entry) / TOLD_MAX
        entries |= left
        told = {*changed, *left}
        for some in _chunks(list(entries)):
            asking = [p for p in some if p in beating]
            pipe = redis.pipeline(transaction=False)
            for project_id in some:
                key = self._keys.here(project_id)
                pipe.hset(key, self.gateway, entries[project_id])
                pipe.pexpire(key, HASH_TTL)
                partition = partition_of(project_id, self._settings.stream_partitions)
                pipe.zadd(self._keys.here_index(partition), {project_id.bytes: time.time()})
                if project_id in told:
                    pipe.publish(key, self._letter(ENTRY, entries[project_id]))
            for project_id in asking:
                pipe.hgetall(self._keys.here(project_id))
            answers = await pipe.execute()
            for project_id, found in zip(asking, answers[len(answers) - len(asking) :], strict=True):
                self._look(project_id, found)
        for some in _chunks(list(moved)):
            pipe = redis.pipeline(transaction=False)
            for project_id in some:
                pipe.publish(self._keys.here(project_id), self._letter(MOVED, b"\n".join(moved[project_id])))
            await pipe.execute()

    def _take_due(self, now: float) -> dict[UUID, None]:
        due: dict[UUID, None] = {}
        for project_id, at in self._due.items():
            if at > now:
                break
            due[project_id] = None
        for project_id in due:
            del self._due[project_id]
            self._due[project_id] = now + BEAT
        return due

    def _letter(self, kind: bytes, content: bytes) -> bytes:
        return kind + self.gateway.encode() + content

    def _look(self, project_id: UUID, found: dict[bytes, bytes]) -> None:
        for gateway, entry in found.items():
            if gateway.decode() != self.gateway:
                self._rooms.hear(project_id, gateway.decode(), orjson.loads(entry))
        self._rooms.expire(project_id)

    # Listening.

    async def _listen(self) -> None:
        while True:
            try:
                # One connection, so that there is no other one to subscribe on.
                async with redis_client(self._settings, connections=1) as redis, redis.pubsub() as pubsub:
                    await pubsub.subscribe(f"{self._keys.prefix}:gateway:{self.gateway}")
                    self._heard.clear()
                    self._rooms_differ = True
                    self._pubsub = pubsub
                    self._wake.set()
                    while True:
                        stop_if_cancelled()
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=PAUSE)
                        if message is not None:
                            self._take(message["channel"], message["data"])
            except (RedisError, OSError, TimeoutError) as away:
                logger.warning("other gateways cannot be heard: %s", away)
            except Exception:
                logger.exception("what another gateway said was not understood")
            finally:
                self._pubsub = None
            stop_if_cancelled()
            await asyncio.sleep(PAUSE)

    async def _follow_rooms(self) -> None:
        """Listen to the channels of the projects that have a room here, and to no others."""
        if self._pubsub is None or not self._rooms_differ:
            return
        self._rooms_differ = False
        for some in _chunks(list(self._due.keys() - self._heard)):
            self._heard.update(some)
            await self._pubsub.subscribe(*map(self._keys.here, some))
        for some in _chunks(list(self._heard - self._due.keys())):
            self._heard.difference_update(some)
            await self._pubsub.unsubscribe(*map(self._keys.here, some))

    def _take(self, channel: bytes, data: bytes) -> None:
        kind, gateway, content = data[:1], data[1 : NAME_SIZE + 1].decode(), data[NAME_SIZE + 1 :]
        if gateway == self.gateway:
            return
        project_id = UUID(channel[-33:-1].decode())
        if kind == ENTRY:
            self._rooms.hear(project_id, gateway, orjson.loads(content))
        else:
            self._rooms.hear_cursors(project_id, content.split(b"\n"))


def _chunks(projects: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (projects[at : at + CHUNK] for at in range(0, len(projects), CHUNK))
