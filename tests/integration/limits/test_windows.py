"""Windows in Redis against a model that keeps every admission: exact, also under many callers at once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from infra.embedded.servers import EmbeddedServers
from infra.redis.client import redis_client
from infra.redis.windows import Check, Window, Windows, WindowsAway
from infra.settings import Settings
from tests.conftest import settings_for

MICRO = 1_000_000


@pytest.fixture(scope="module")
async def redis(servers: EmbeddedServers) -> AsyncIterator[Redis]:
    async with redis_client(settings_for(servers)) as client:
        yield client


class Clocked(Windows):
    """The same script, told what time it is: time goes where a test wants it."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, time.monotonic)
        text = self._script.script
        told = text.replace(
            "redis.call('TIME')", "{math.floor(tonumber(ARGV[2]) / 1000000), tonumber(ARGV[2]) % 1000000}"
        )
        assert told != text
        self._asking = redis.register_script(told)
        self.now = 1_000_000 * MICRO
        self._script = self._call  # type: ignore[assignment]

    async def _call(self, keys: list[str], args: list[bytes]) -> list[int]:
        found: list[int] = await self._asking(keys=keys, args=[*args, str(self.now)])
        return found


@dataclass
class Model:
    """What windows are: every admission, and when it was."""

    taken: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def left(self, window: Window, now: int) -> int:
        return window.limit - sum(at > now - window.seconds * MICRO for at in self.taken[window.key])

    def wait(self, window: Window, cost: int, now: int) -> int:
        """Microseconds until a cost fits in."""
        within = sorted(at for at in self.taken[window.key] if at > now - window.seconds * MICRO)
        excess = len(within) + cost - window.limit
        if excess <= 0:
            return 0
        if cost > window.limit:
            return window.seconds * MICRO
        return within[excess - 1] + window.seconds * MICRO - now

    def take(self, window: Window, cost: int, now: int) -> None:
        self.taken[window.key] += [now] * cost


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3 * MICRO),
        st.lists(
            st.tuples(st.integers(0, 7), st.sets(st.integers(0, 2), min_size=1)), min_size=1, max_size=4
        ),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, limits=st.tuples(st.integers(1, 12), st.integers(1, 30), st.integers(1, 5)))
async def test_windows_admit_what_the_model_admits_and_say_the_same(
    redis: Redis, steps: list[tuple[int, list[tuple[int, set[int]]]]], limits: tuple[int, int, int]
) -> None:
    windows, model = Clocked(redis), Model()
    name = uuid4().hex
    rings = [Window(f"{{rl}}:{name}:{i}", limit, 1 + 2 * i) for i, limit in enumerate(limits)]
    for step, asked in steps:
        windows.now += step
        checks = [Check(cost, [rings[i] for i in sorted(chosen)]) for cost, chosen in asked]
        # All of a step go in one round trip, and each sees what those before it took.
        answers = await asyncio.gather(*(windows.check(check) for check in checks))
        for check, answer in zip(checks, answers, strict=True):
            waits = [model.wait(window, check.cost, windows.now) for window in check.windows]
            assert (answer.refused is None) is (max(waits) == 0)
            assert round(answer.wait * MICRO) == max(waits)
            if answer.refused is None:
                for window in check.windows:
                    model.take(window, check.cost, windows.now)
            told = check.windows[answer.refused or 0]
            assert answer.remaining == model.left(told, windows.now)
            assert round(answer.wait_one * MICRO) == model.wait(told, 1, windows.now)


async def test_sixty_four_callers_get_exactly_what_a_window_holds(redis: Redis) -> None:
    processes = [Windows(redis, time.monotonic) for _ in range(4)]
    window = Window(f"{{rl}}:{uuid4().hex}", 300, 2)
    admitted: list[tuple[float, float]] = []
    refused: list[tuple[float, float]] = []

    async def ask(caller: int) -> None:
        until = time.monotonic() + 3.5
        while time.monotonic() < until:
            sent = time.monotonic()
            answer = await processes[caller % 4].check(Check(1, [window]))
            (refused if answer.refused is not None else admitted).append((sent, time.monotonic()))
            if answer.refused is not None:
                await asyncio.sleep(0.001)

    await asyncio.gather(*(ask(caller) for caller in range(64)))
    assert refused, "nobody was refused: the window was never full"
    # No stretch as long as the window has more: an admission was made after it was sent and before it was answered.
    for begun, _ in admitted:
        within = [1 for sent, done in admitted if sent >= begun and done < begun + window.seconds]
        assert len(within) <= window.limit
    # Whoever was refused found it full: as many were admitted in the window before, as far as can be told.
    for sent, done in refused[:: max(1, len(refused) // 200)]:
        before = [1 for s, d in admitted if d > sent - window.seconds and s <= done]
        assert len(before) >= window.limit


async def test_a_window_of_a_thousand_takes_eight_kilobytes(redis: Redis) -> None:
    windows = Windows(redis, time.monotonic)
    window = Window(f"{{rl}}:{uuid4().hex}", 1_000, 60)
    await asyncio.gather(*(windows.check(Check(1, [window])) for _ in range(1_000)))
    assert (await windows.check(Check(1, [window]))).refused == 0
    assert await redis.memory_usage(window.key) < 8_300
    life = await redis.pttl(window.key)
    assert 60_000 < life <= 120_000


async def test_a_little_used_window_takes_little(redis: Redis) -> None:
    windows = Windows(redis, time.monotonic)
    window = Window(f"{{rl}}:{uuid4().hex}", 1_000, 60)
    for _ in range(3):
        await windows.check(Check(1, [window]))
    assert await redis.memory_usage(window.key) < 300


async def test_a_block_refuses_whatever_is_left(redis: Redis) -> None:
    windows = Windows(redis, time.monotonic)
    name = uuid4().hex
    window, block = Window(f"{{rl}}:{name}", 10, 60), f"{{rl}}:{name}:blocked"
    await windows.shut(block, 30)
    answer = await windows.check(Check(1, [window], [block]))
    assert answer.refused == -1
    assert 29 < answer.wait <= 30
    await windows.forget([block])
    assert (await windows.check(Check(1, [window], [block]))).remaining == 9


async def test_what_is_asked_while_an_answer_is_under_way_shares_a_round_trip(redis: Redis) -> None:
    windows = Windows(redis, time.monotonic)
    window = Window(f"{{rl}}:{uuid4().hex}", 500, 60)
    answers = await asyncio.gather(*(windows.check(Check(1, [window])) for _ in range(200)))
    assert [answer.remaining for answer in answers] == list(range(499, 299, -1))
    assert windows.calls <= 2


async def test_a_clock_that_is_set_back_admits_nobody_twice(redis: Redis) -> None:
    windows = Clocked(redis)
    window = Window(f"{{rl}}:{uuid4().hex}", 2, 10)
    assert (await windows.check(Check(2, [window]))).refused is None
    windows.now -= 3_600 * MICRO
    assert (await windows.check(Check(1, [window]))).refused == 0


def test_the_limiter_may_have_a_redis_of_its_own(servers: EmbeddedServers) -> None:
    base = settings_for(servers)
    assert base.limiter_url == str(base.redis_url)
    other = Settings.model_validate({**base.model_dump(), "rate_limit_url": "rediss://elsewhere:6380/1"})
    assert other.limiter_url == "rediss://elsewhere:6380/1"


class Lost(Windows):
    """Loses its connection as it is written to, which a loop tells by an error of its own."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, time.monotonic)
        self._script = self._lose  # type: ignore[assignment]

    async def _lose(self, **_: object) -> list[int]:
        await asyncio.sleep(0)
        raise RuntimeError("unable to perform operation; the handler is closed")


async def test_who_waits_on_a_connection_that_is_lost_is_told(redis: Redis) -> None:
    windows = Lost(redis)
    check = Check(1, [Window(uuid4().hex, 5, 60)])
    async with asyncio.timeout(5):
        found = await asyncio.gather(*(windows.check(check) for _ in range(5)), return_exceptions=True)
    assert [type(f) for f in found] == [WindowsAway] * 5
