"""Sliding windows in Redis: who asks while an answer is under way is asked for together, in one round trip."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, NamedTuple

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.breaker import Breaker

# Checks in one call: the server does nothing else meanwhile, for 10 us each at most.
AT_ONCE = 256
_FIELDS = 6
MICRO = 1_000_000
DAY = 86_400


class WindowsAway(Exception):
    """Redis cannot be asked. `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("Redis cannot be asked")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Window:
    """A key, and how much fits into any stretch of so many seconds of it."""

    key: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Check:
    """Whether so much fits into all of these windows, and none of these keys of blocks is there."""

    cost: int
    windows: Sequence[Window]
    blocks: Sequence[str] = ()


class Checked(NamedTuple):
    """How it went. Times are in seconds.

    Attributes:
        refused: None if it was admitted (and taken), the number of the window that is full, or -1: blocked.
        wait: until the same would be admitted.
        wait_one: until a cost of one would be.
        remaining: what is left in the window that refused, or in the first.
        more_in: until that grows.
        all_in: until all of it is there again.
    """

    refused: int | None
    wait: float
    wait_one: float
    remaining: int
    more_in: float
    all_in: float


# A connection that was lost as it was written to is a RuntimeError of the loop's.
AWAY: Final = (RedisError, OSError, TimeoutError, RuntimeError)


class Windows:
    """Checks windows by one Lua script.

    One call is under way at a time: what is asked meanwhile goes with the next, so that a busy process sends
    few and large calls, and an idle one answers at once.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float]) -> None:
        text = (files("infra.redis") / "scripts" / "sliding_windows.lua").read_text("utf-8")
        self._redis = redis
        self._script = redis.register_script(text)
        self._waiting: deque[tuple[Check, asyncio.Future[Checked]]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self.breaker = Breaker(clock)
        self.calls = 0
        self.checks = 0

    async def check(self, check: Check) -> Checked:
        """Check, and take what is admitted.

        Raises:
            WindowsAway: Redis does not answer; nothing is known.
        """
        answer: asyncio.Future[Checked] = asyncio.get_running_loop().create_future()
        self._waiting.append((check, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await answer

    async def forget(self, keys: Sequence[str]) -> None:
        """Remove windows or blocks.

        Raises:
            WindowsAway: Redis does not answer.
        """
        try:
            await self._redis.unlink(*keys)
        except AWAY as away:
            raise WindowsAway(self.breaker.retry_after) from away

    async def shut(self, key: str, seconds: float) -> None:
        """Put up a block; one that is to last longer than a day is known from elsewhere by then.

        Raises:
            WindowsAway: Redis does not answer.
        """
        try:
            await self._redis.set(key, b"", px=max(1, int(min(seconds, DAY) * 1000)))
        except AWAY as away:
            raise WindowsAway(self.breaker.retry_after) from away

    async def close(self) -> None:
        """Let nobody wait any longer."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        for _, answer in self._waiting:
            answer.cancel()
        self._waiting.clear()

    async def _send(self) -> None:
        batch: list[tuple[Check, asyncio.Future[Checked]]] = []
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                await self._ask(batch)
                batch = []
        finally:
            self._sending = None
            for _, answer in batch:
                answer.cancel()

    async def _ask(self, batch: Sequence[tuple[Check, asyncio.Future[Checked]]]) -> None:
        if self.breaker.is_open:
            _fail(batch, self.breaker.retry_after)
            return
        keys, plan = _plan([check for check, _ in batch])
        self.calls += 1
        self.checks += len(batch)
        try:
            numbers = await self._script(keys=keys, args=[plan])
        except AWAY:
            self.breaker.failed()
            _fail(batch, self.breaker.retry_after)
            return
        self.breaker.succeeded()
        for i, (_, answer) in enumerate(batch):
            if not answer.done():
                answer.set_result(_checked(numbers[_FIELDS * i : _FIELDS * (i + 1)]))


def _fail(batch: Sequence[tuple[Check, asyncio.Future[Checked]]], retry_after: float) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(WindowsAway(retry_after))


def _plan(checks: Sequence[Check]) -> tuple[list[str], bytes]:
    """Number windows and blocks, each once, and write down which check wants which."""
    rings: dict[str, int] = {}
    sizes: list[tuple[int, int]] = []
    blocks: dict[str, int] = {}
    wanted: list[tuple[int, list[int], list[int]]] = []
    # A busy caller asks the same again and again.
    known: dict[int, tuple[int, list[int], list[int]]] = {}
    for check in checks:
        if (again := known.get(id(check))) is not None:
            wanted.append(again)
            continue
        of_check = []
        for window in check.windows:
            number = rings.get(window.key)
            if number is None:
                number = rings[window.key] = len(rings) + 1
                sizes.append((window.limit, window.seconds * MICRO))
            of_check.append(number)
        shut = [blocks.setdefault(key, len(blocks) + 1) for key in check.blocks]
        known[id(check)] = check.cost, of_check, shut
        wanted.append(known[id(check)])
    return [*rings, *blocks], orjson.dumps({"rings": sizes, "checks": wanted})


def _checked(numbers: Sequence[int]) -> Checked:
    verdict, wait, wait_one, remaining, more_in, all_in = numbers
    refused = None if verdict == 0 else verdict - 1 if verdict > 0 else -1
    return Checked(refused, wait / MICRO, wait_one / MICRO, remaining, more_in / MICRO, all_in / MICRO)
