"""A queue of jobs in Redis: it says what runs next, and nothing that the log does not know.

Every change is one script, so that limits hold over all worker processes. Streams tell workers that there is
something to do, which they read through FastStream; what to do, they get by `acquire`. (A stream alone has no
priorities, no delay, no limit over processes, and no lease that can be kept alive.)
"""

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, cast
from uuid import UUID, uuid4

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from infra.redis.keys import Keys

PARTS = ("jobs", "ready", "delayed", "expiry", "leases", "owners", "rates", "wake", "flags", "progress")
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a queue knows of a job: what its turn depends on, and the version of its stream that asked for it.

    `since` and `expires` are in milliseconds since 1970; `expires` is 0 for never.
    """

    job_id: UUID
    version: int
    priority: int
    since: int
    expires: int
    user: str

    @property
    def entry(self) -> str:
        """Write it down as the queue's scripts read it."""
        return f"{self.version} {self.priority} {self.since} {self.expires} {self.user}"

    @classmethod
    def of(cls, job_id: bytes, entry: bytes) -> "Ticket":
        """Read what a script returned."""
        version, priority, since, expires, user = entry.decode().split(" ", 4)
        return cls(UUID(job_id.decode()), int(version), int(priority), int(since), int(expires), user)


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a queue may go, over all processes. `rate` and `user_rate` are jobs a minute, 0 for any number."""

    concurrency: int
    paused: bool = False
    rate: int = 0
    user_rate: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of an attempt: `what` is `done` (up to this version of the job's stream), `again` or `back`.

    `again` waits until `due` (milliseconds since 1970); so does `back`, unless the job was cancelled.
    """

    job_id: UUID
    token: str
    what: str
    version: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class Acquired:
    """What `acquire` found: jobs taken under `token`, jobs whose time is over, seconds until there may be more."""

    token: str
    armed: bool
    wait: float | None
    expired: Sequence[Ticket] = ()
    taken: Sequence[Ticket] = ()


@dataclass(slots=True)
class Depth:
    """How many jobs a queue holds in Redis."""

    ready: int
    delayed: int
    running: int
    armed: bool


@dataclass(slots=True)
class RedisQueue:
    """One queue.

    Args:
        lease: milliseconds until a silent worker counts as dead.
        aging: milliseconds of waiting that are worth as much as a step of priority.
    """

    redis: Redis
    name: str
    keys: Keys
    lease: int
    aging: int
    _parts: list[str] = field(init=False)
    _scripts: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Read the scripts."""
        self._parts = [self.keys.queue(self.name, part) for part in PARTS]
        folder = files("infra.redis") / "scripts"
        head = (folder / "queue_head.lua").read_text("utf-8")
        names = ("enqueue", "acquire", "settle", "beat", "cancel", "arm")
        self._scripts = {
            name: self.redis.register_script(head + (folder / f"queue_{name}.lua").read_text("utf-8"))
            for name in names
        }

    @property
    def wake_stream(self) -> str:
        """The key of the stream that tells of something to do."""
        return self._part("wake")

    def _part(self, name: str) -> str:
        return self._parts[PARTS.index(name)]

    async def _call(
        self, name: str, arguments: Sequence[str | int], pipeline: "Pipeline | None" = None
    ) -> Any:
        return await cast("Awaitable[Any]", self._scripts[name](self._parts, arguments, pipeline))

    async def enqueue(self, tickets: Iterable[tuple[Ticket, int]]) -> int:
        """Let jobs wait, each until its `due` (milliseconds since 1970, 0 for now); known ones stay as they are.

        Returns how many were not known.
        """
        arguments: list[str | int] = [self.aging]
        for ticket, due in tickets:
            arguments += [str(ticket.job_id), ticket.entry, due]
        return int(await self._call("enqueue", arguments)) if len(arguments) > 1 else 0

    async def turn(
        self, settlements: Sequence[Settlement], token: str, limits: Limits, want: int | None
    ) -> Acquired:
        """End attempts, then take jobs, in one round trip; `want` None: only that."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            if settlements:
                await self._call("settle", self._settling(settlements), pipeline)
            if want is not None:
                await self._call("acquire", self._taking(token, limits, want), pipeline)
            answers = await pipeline.execute()
        if want is None:
            return Acquired(token, armed=True, wait=None)
        status, wait, expired, taken = answers[-1]
        seconds = wait / 1000 if wait >= 0 else None
        return Acquired(token, status == 1, seconds, _tickets(expired), _tickets(taken))

    def _taking(self, token: str, limits: Limits, want: int) -> list[str | int]:
        arguments: list[str | int] = [token, self.lease, limits.concurrency, want, self.aging]
        return [*arguments, int(limits.paused), *_pace(limits.rate), *_pace(limits.user_rate)]

    def _settling(self, settlements: Sequence[Settlement]) -> list[str | int]:
        arguments: list[str | int] = [self.aging]
        arguments += [f"{s.job_id} {s.token} {s.what} {s.version} {s.due}" for s in settlements]
        return arguments

    async def beat(self, held: Sequence[tuple[Ticket, str]]) -> list[int]:
        """Keep the leases of jobs held under tokens alive; see `queue_beat.lua` for the answers."""
        arguments: list[str | int] = [self.lease]
        arguments += [f"{ticket.job_id} {token} {ticket.entry}" for ticket, token in held]
        return cast("list[int]", await self._call("beat", arguments))

    async def cancel(self, ids: Sequence[UUID]) -> int:
        """Take jobs out, and mark those under way to be ended; returns how many are under way."""
        return int(await self._call("cancel", [str(i) for i in ids]))

    async def armed(self) -> str | None:
        """Return the server's life in which the queue got all that it has to hold; None if it may lack some."""
        value = await cast("Awaitable[bytes | None]", self.redis.hget(self._part("flags"), "armed"))
        return value.decode() if value else None

    async def disarm(self) -> str:
        """Have nothing taken until the queue is filled again; returns the name of this filling."""
        filling = uuid4().hex
        async with self.redis.pipeline(transaction=True) as pipeline:
            pipeline.hdel(self._part("flags"), "armed")
            pipeline.hset(self._part("flags"), "filling", filling)
            await pipeline.execute()
        return filling

    async def arm(self, life: str, filling: str) -> bool:
        """Say that the queue holds all that it has to; before that nothing is taken from it.

        False if it was lost since it was disarmed, or disarmed by somebody else: it has to be filled again.
        """
        return bool(await self._call("arm", [life, filling]))

    async def depth(self) -> Depth:
        """Count what the queue holds."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            for part in ("ready", "delayed", "leases"):
                pipeline.zcard(self._part(part))
            pipeline.hexists(self._part("flags"), "armed")
            ready, delayed, running, armed = await pipeline.execute()
        return Depth(ready, delayed, running, bool(armed))

    async def tell_progress(self, job_id: UUID, progress: bytes) -> None:
        """Remember how far a job is, until its attempt ends."""
        await self.redis.hset(self._part("progress"), str(job_id), progress)

    async def progress(self, job_id: UUID) -> bytes | None:
        """Return how far a job is, if it runs and said so."""
        return await cast("Awaitable[bytes | None]", self.redis.hget(self._part("progress"), str(job_id)))


def _pace(per_minute: int) -> tuple[int, int]:
    """Return the microseconds between two jobs, and how many may come at once: a second's worth."""
    if not per_minute:
        return 0, 1
    return max(1, 60 * SECOND // per_minute), max(1, per_minute // 60)


def _tickets(flat: Sequence[bytes]) -> list[Ticket]:
    return [Ticket.of(job_id, entry) for job_id, entry in zip(flat[::2], flat[1::2], strict=True)]
