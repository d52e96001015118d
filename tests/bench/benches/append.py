"""The event log alone: how fast one process appends, and two."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.bench.part import part
from tests.bench.pgbench import Pgbench
from tests.bench.tools import PGBENCH

START, GRACE = 20.0, 30.0
TOGETHER = 0.1

LATENCY = Budget(
    "latency, 1 writer", "pgbench -c 1", 2.2, 1.5, key="latency_ms", unit="ms", lower_is_better=True
)
MANY = Budget("64 writers", "pgbench -c 64", 1.1, 1.7)
CROWD = Budget("1,000 writers", "pgbench -c 64", 2.0, 3.5)
PAIR = Budget("2 processes, 64 writers each", "1 process, 64", 1.4)


async def append(settings: Settings, seconds: int, *writers: int, by_chance: bool = False) -> Measured:
    """Append from a process for each number of writers, all at the same time.

    Their command ids are in the order of time, as our clients make them, or by chance, as others may.
    """
    servers = {
        "database_url": settings.dsn,
        "redis_url": str(settings.redis_url),
        "jwt_secret": settings.jwt_secret,
        "person_key_secret": settings.person_key_secret,
    }
    async with AsyncExitStack() as stack:
        parts = [
            await stack.enter_async_context(
                part(
                    "writers", {"settings": servers, "writers": n, "seconds": seconds, "by_chance": by_chance}
                )
            )
            for n in writers
        ]
        for each in parts:
            await each.hear(START)
        begin = time.monotonic() + TOGETHER
        for each in parts:
            await each.tell(begin)
        found: Sequence[dict[str, float]] = await asyncio.gather(*(p.hear(seconds + GRACE) for p in parts))
    count = sum(f["count"] for f in found)
    return {
        "rate": sum(f["count"] / f["seconds"] for f in found),
        "latency_ms": sum(writers) * sum(f["seconds"] for f in found) / len(found) / count * 1e3,
        "cpu_us": sum(f["cpu"] for f in found) / count * 1e6,
    }


async def _run(stage: Stage) -> None:
    seconds = stage.options.seconds
    for budget, clients, writers in ((LATENCY, 1, 1), (MANY, 64, 64), (CROWD, 64, 1_000)):
        # New databases each time: what one row leaves behind shall not slow down the next.
        async with stage.servers.database() as settings, stage.servers.database() as table:
            pgbench = await Pgbench.prepare(table.dsn, stage.folder)
            await stage.compare(
                [budget],
                partial(pgbench.measure, clients, seconds),
                partial(append, settings, seconds, writers),
            )
    async with stage.servers.database() as settings:
        await stage.compare(
            [PAIR], partial(append, settings, seconds, 64), partial(append, settings, seconds, 64, 64)
        )


BENCH = Bench(
    "append",
    "edits appended to the log, against single-row inserts by pgbench on the same server",
    (LATENCY, MANY, CROWD, PAIR),
    _run,
    (PGBENCH,),
)
