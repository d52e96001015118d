"""Who is in projects, written down: joins and leaves of collaboration sessions, a partition of projects at a time.

Gateways only say in Redis who is there (`infra/redis/presence.py`). Here that is compared with what the log has,
every second, so that it comes right whatever dies in between: a gateway that says nothing any more has lost its
sockets, and a Redis that lost its data is told anew before anybody counts as gone.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis

from commands.ports import NO_STREAM, Append, EventWrite, StreamWrite
from domain.errors import DomainError
from domain.session import CollaborationSession, SessionEvent
from infra.cancelling import stop_if_cancelled
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.read_database import PostgresDatabase
from infra.redis.keys import Keys
from infra.redis.presence import EXPIRY
from projections.sessions import queries

logger = logging.getLogger(__name__)

# Seconds between two looks; between two readings of what the read model has, for what another leader did; and
# from when nothing is said of somebody any more until that counts as gone.
LOOK_EVERY, RELOAD_EVERY, GRACE = 1.0, 60.0, 6.0
# Sessions of one project at once; who comes after them only listens.
LIMIT = 100
# Seconds after which a project in which nobody is said to be is not looked at any more.
FORGOTTEN = 60.0
# Projects asked for in one round trip; what is between two of them is done at a stretch, which others wait for.
CHUNK = 50
VERSION_OF_JOINING = 1


@dataclass(slots=True)
class Session:
    """An active session of the log, or one that somebody says is there."""

    id: UUID
    project_id: UUID
    user: str
    gateway: str


@dataclass(slots=True)
class _Heard:
    """What a gateway said of a project last, as it came: its beat, which grows each time, and the rest."""

    head: bytes
    rest: bytes
    at: float
    there: Mapping[int, Session]
    gone: Mapping[int, str]


class Sessions:
    """Keeps the sessions of one partition's projects in the log.

    Args:
        at_once: how many events are appended at the same time.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        log: PostgresEventLog,
        database: PostgresDatabase,
        *,
        partition: int,
        partitions: int,
        at_once: int,
    ) -> None:
        self._redis = redis
        self._index = keys.here_index(partition)
        self._key = keys.here
        self._log = log
        self._database = database
        self._partition, self._partitions = partition, partitions
        self._appending = asyncio.Semaphore(at_once)
        # By ids as numbers, which are found several times as fast: all are compared with all, each second.
        self._active: dict[int, Session] = {}
        # Since when nobody has said of an active one that it is there.
        self._missed: dict[int, float] = {}
        self._heard: dict[tuple[UUID, str], _Heard] = {}

    async def run(self) -> None:
        """Compare until cancelled.

        Raises:
            RedisError, psycopg.Error: a server is away; whoever runs this starts it again.
        """
        reload = float("-inf")
        while True:
            now = time.monotonic()
            if now >= reload:
                await self._load()
                reload = now + RELOAD_EVERY
            await self._look()
            stop_if_cancelled()
            await asyncio.sleep(LOOK_EVERY)

    async def _load(self) -> None:
        async with self._database.session() as session:
            rows = await queries.all_active(session, self._partitions, self._partition)
        for session_id, project_id, user, client in rows:
            gateway = client.partition("/")[0]
            self._active.setdefault(session_id.int, Session(session_id, project_id, user, gateway))

    async def _look(self) -> None:
        projects = await self._projects()
        await self._hear(projects)
        now = time.monotonic()
        there: dict[int, Session] = {}
        gone: dict[int, str] = {}
        speaking: set[tuple[UUID, str]] = set()
        for (project_id, gateway), heard in self._heard.items():
            gone |= heard.gone
            if now - heard.at <= EXPIRY:
                speaking.add((project_id, gateway))
                there |= heard.there
        await asyncio.gather(*self._joins(there), *self._leaves(there, gone, speaking, now))

    def _joins(self, there: Mapping[int, Session]) -> "Iterable[asyncio.Task[None]]":
        new = [session for number, session in there.items() if number not in self._active]
        if not new:
            return
        many = Counter(s.project_id for s in self._active.values())
        for session in new:
            if many[session.project_id] < LIMIT:
                many[session.project_id] += 1
                yield asyncio.create_task(self._join(session))

    def _leaves(
        self,
        there: Mapping[int, Session],
        gone: Mapping[int, str],
        speaking: set[tuple[UUID, str]],
        now: float,
    ) -> "Iterable[asyncio.Task[None]]":
        absent = [number for number in self._active if number not in there]
        self._missed = {number: self._missed.get(number, now) for number in absent}
        for number, since in self._missed.items():
            session = self._active[number]
            reason = gone.get(number) or (
                "closed" if (session.project_id, session.gateway) in speaking else "expired"
            )
            # Of who is told to have gone there is no doubt; about a silence there is for a while.
            if reason != "expired" or now - since >= GRACE:
                yield asyncio.create_task(self._leave(session, reason))

    async def _projects(self) -> list[UUID]:
        now = time.time()
        await self._redis.zremrangebyscore(self._index, "-inf", now - FORGOTTEN)
        found = cast("list[bytes]", await self._redis.zrange(self._index, 0, -1))
        return [UUID(bytes=project) for project in found]

    async def _hear(self, projects: Sequence[UUID]) -> None:
        now = time.monotonic()
        known, self._heard = self._heard, {}
        for at in range(0, len(projects), CHUNK):
            some = projects[at : at + CHUNK]
            pipe = self._redis.pipeline(transaction=False)
            for project_id in some:
                pipe.hgetall(self._key(project_id))
            for project_id, fields in zip(some, await pipe.execute(), strict=True):
                for name, content in fields.items():
                    self._note(project_id, name.decode(), content, known, now)
        await self._forget_silent(now)

    def _note(
        self,
        project_id: UUID,
        gateway: str,
        content: bytes,
        known: Mapping[tuple[UUID, str], _Heard],
        now: float,
    ) -> None:
        before = known.get((project_id, gateway))
        head, _, rest = content.partition(b",")
        if before is not None and before.rest == rest:
            # Nobody has come or gone: that is so nearly always, and there may be very many.
            at = before.at if before.head == head else now
            self._heard[project_id, gateway] = _Heard(head, rest, at, before.there, before.gone)
            return
        entry = orjson.loads(content)
        said = [
            Session(UUID(one["session"]), project_id, one["user"], gateway)
            for one in entry["here"]
            if one["settled"]
        ]
        there = {session.id.int: session for session in said}
        gone = {UUID(session).int: str(reason) for session, reason in entry["gone"].items()}
        self._heard[project_id, gateway] = _Heard(head, rest, now, there, gone)

    async def _forget_silent(self, now: float) -> None:
        """Remove what dead gateways said long ago, which the living ones would keep for ever."""
        silent = [key for key, heard in self._heard.items() if now - heard.at > EXPIRY + GRACE]
        if silent:
            pipe = self._redis.pipeline(transaction=False)
            for project_id, gateway in silent:
                pipe.hdel(self._key(project_id), gateway)
            await pipe.execute()

    async def _join(self, session: Session) -> None:
        client = f"{session.gateway}/{session.id}"
        event = CollaborationSession.join(
            session.id, project_id=session.project_id, user=session.user, client=client
        )
        if await self._append(session, NO_STREAM, event):
            self._active[session.id.int] = session

    async def _leave(self, session: Session, reason: str) -> None:
        state = CollaborationSession(
            session.id, session.project_id, VERSION_OF_JOINING, session.user, session.gateway
        )
        for event in state.leave(reason):
            if await self._append(session, VERSION_OF_JOINING, event):
                self._active.pop(session.id.int, None)

    async def _append(self, session: Session, expected: int, event: SessionEvent) -> bool:
        """Append an event, unless another leader did; tell whether the log has it now."""
        command_id = uuid4()
        append = Append(
            caller=session.user,
            command_id=command_id,
            request_hash=b"",
            status=200,
            body=b"",
            metadata={
                "actor": {"id": session.user, "kind": "person"},
                "correlation_id": str(command_id),
            },
            writes=(StreamWrite(session.id, session.project_id, expected),),
            events=(EventWrite(0, event, command_id),),
            keyed=False,
        )
        async with self._appending:
            try:
                await self._log.append(append)
            except DomainError as refused:
                logger.warning("session %s is not written down yet: %s", session.id, refused)
                return False
        # A stream of another version is one that another leader has written to.
        return True
