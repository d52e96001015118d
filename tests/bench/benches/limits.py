"""Rate-limit checks, in this process and on one Redis: ours against the moving window of the package `limits`."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from infra.redis.client import redis_client
from infra.redis.windows import Check, Window, Windows
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.bench.tools import ToolFailed

CALLERS, USERS, PER_MINUTE = 64, 1_000, 1_000
NEVER_FULL = 100_000_000

# Ours checks user, address, all callers and two blocks at once, where the yardstick checks one window.
CHECKS = Budget("checks, 64 callers, 1,000 users", "limits, one window", 2, 4)
FULL = Budget("the same, all refused", "limits, one window", 2, 4)

Ask = Callable[[int], Awaitable[bool]]


async def _rate(ask: Ask, seconds: int, *, admitted: bool) -> Measured:
    """Ask from all callers for some seconds.

    Raises:
        ToolFailed: an answer was not what it had to be.
    """
    numbers, counted = itertools.count(), [0]
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < end:
            if await ask(next(numbers)) is not admitted:
                raise ToolFailed("a check was answered wrong")
            counted[0] += 1

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    took = time.perf_counter() - begun
    return {
        "rate": counted[0] / took,
        "cpu_us": (time.process_time() - cpu) / counted[0] * 1e6,
    }


async def _run(stage: Stage) -> None:
    seconds = stage.options.seconds
    async with stage.servers.database() as settings:
        url = str(settings.redis_url)
        storage = RedisStorage(f"async+{url}", implementation="redispy", max_connections=CALLERS)
        moving = MovingWindowRateLimiter(storage)
        wide, narrow = RateLimitItemPerMinute(NEVER_FULL), RateLimitItemPerMinute(1)
        async with redis_client(settings, connections=8) as redis:
            windows = Windows(redis, time.monotonic)
            rounds = itertools.count()

            async def theirs() -> Measured:
                name = f"round {next(rounds)}"
                return await _rate(lambda n: moving.hit(wide, name, str(n % USERS)), seconds, admitted=True)

            async def ours(limit: int = NEVER_FULL, *, admitted: bool = True) -> Measured:
                name = f"bench:{{rl}}:{next(rounds)}"
                others = [
                    Window(f"{name}:address", NEVER_FULL, 60),
                    Window(f"{name}:everybody", NEVER_FULL, 60),
                ]

                async def ask(n: int) -> bool:
                    user = n % USERS
                    check = Check(
                        1,
                        [Window(f"{name}:{user}", limit, 60), *others],
                        [f"{name}:b:{user}", f"{name}:b:address"],
                    )
                    return (await windows.check(check)).refused is None

                if not admitted:
                    for user in range(USERS):
                        await ask(user)
                return await _rate(ask, seconds, admitted=admitted)

            async def theirs_full() -> Measured:
                name = f"round {next(rounds)}"
                for user in range(USERS):
                    await moving.hit(narrow, name, str(user))
                return await _rate(
                    lambda n: moving.hit(narrow, name, str(n % USERS)), seconds, admitted=False
                )

            await stage.compare([CHECKS], theirs, ours)
            await stage.compare([FULL], theirs_full, lambda: ours(1, admitted=False))


BENCH = Bench(
    "limits", "rate-limit checks against the moving window of `limits` on one Redis", (CHECKS, FULL), _run
)
