"""Documents in Redis, shared by all read processes.

A value begins with the position as of which it is true, and a set never replaces a later one by an earlier
one. Whether a value is still true, the reader knows by the events that it has seen since. Then comes the
project's generation: an operator who changes it makes all that is cached of the project worthless at once.

Who finds nothing takes a short lease to load it, so that many processes do not load it at the same time.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.redis.keys import generation_of
from infra.redis.together import Call, Together

logger = logging.getLogger(__name__)

_POSITION, _HEAD = 16, 26
# After a failure Redis is left alone for a while: reads go to the tables.
REST = 1.0
JITTER = 0.1
# Milliseconds: a loader that was killed keeps nobody waiting for longer.
LEASE = 500
# Bytes: what is larger costs every other reader of Redis more than it saves.
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A document, None if there is none, and the position as of which that is true."""

    as_of: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing that helps is kept. `token` is of the lease to load it; None: somebody else has the lease.

    Without Redis there is no generation, and everybody loads.
    """

    token: str | None
    generation: bytes | None


@dataclass(slots=True)
class Counts:
    """What happened between this process and Redis."""

    leases: int = 0
    leased_elsewhere: int = 0
    sets: int = 0
    too_large: int = 0
    rests: int = 0


class DocumentCache:
    """Gets and sets documents, many in a round trip; without Redis it behaves as if it were empty."""

    def __init__(self, redis: Redis, clock: Callable[[], float]) -> None:
        self._together = Together(redis)
        self._clock = clock
        self._rest_until = float("-inf")
        scripts = files("infra.redis") / "scripts"
        self._get = (scripts / "get_or_lease.lua").read_text("utf-8")
        self._set = (scripts / "set_newer.lua").read_text("utf-8")
        self._process = uuid4().hex
        self._tokens = 0
        self._counts = Counts()

    async def get(self, key: str, needed: int) -> Kept | Absent:
        """Return a document that is true as of `needed` or later; else the lease to load it, if it is free."""
        self._tokens += 1
        token = f"{self._process}:{self._tokens}"
        answer = await self._run(self._get, key, str(needed).zfill(_POSITION), token, LEASE)
        if answer is None:
            return Absent("", None)
        if isinstance(answer, bytes):
            return Kept(int(answer[:_POSITION]), answer[_HEAD:] or None)
        taken, generation = answer
        if taken:
            self._counts.leases += 1
            return Absent(token, generation)
        self._counts.leased_elsewhere += 1
        return Absent(None, generation)

    async def put(self, key: str, document: Kept, absent: Absent, ttl: float) -> None:
        """Keep a document for about `ttl` seconds, unless a later one is kept, and give the lease back."""
        if absent.generation is None:
            return
        body = document.body or b""
        life = int(ttl * 1000 * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - jitter, not a secret
        if len(body) > LARGEST:
            body, life = b"", 0
            self._counts.too_large += 1
        else:
            self._counts.sets += 1
        value = str(document.as_of).zfill(_POSITION).encode() + absent.generation + body
        await self._run(self._set, key, value, life, absent.token or "")

    def stats(self) -> dict[str, Any]:
        """Return what was counted, and whether Redis is being left alone just now."""
        return {**asdict(self._counts), "resting": self._clock() < self._rest_until}

    async def _run(self, script: str, key: str, *arguments: str | bytes | int) -> Any:
        if self._clock() < self._rest_until:
            return None
        try:
            return await self._together.run(
                Call(script, (key, f"{key}:lease", generation_of(key)), arguments)
            )
        except (RedisError, OSError, TimeoutError) as away:
            if self._clock() >= self._rest_until:
                self._counts.rests += 1
                logger.warning("the document cache is left alone for %.0f s: %s", REST, away)
            self._rest_until = self._clock() + REST
            return None
