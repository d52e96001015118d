"""One message to 500 sockets from one server process, against uvicorn as it comes; and what an idle socket costs."""

import asyncio
from functools import partial

import psutil

from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.bench.machine import cpu_seconds
from tests.bench.part import part
from tests.bench.servers import Served

PATH = "/api/projects/5cb2a1a6-0000-4000-8000-000000000000/live"
SOCKETS, IDLE = 500, 4_000
OPENING, GRACE = 60.0, 60.0
SETTLING = 1.0

# Messages under way at once: with several, they go out together in one write; alone, each is a write a socket.
WINDOW = 20

FANOUT = Budget("deliveries, 500 sockets, 95 bytes, one core", "uvicorn as it comes", 1.8, 3)
ALONE = Budget("the same, one message at a time", "uvicorn as it comes", 1.8, 3)
MEMORY = Budget("memory of an idle socket, the room alone", "uvicorn as it comes", key="kb", unit="KB", lower_is_better=True)  # fmt: skip


async def fanned_out(server: Served, seconds: float, window: int) -> Measured:
    """Have messages sent to all."""
    config = {"port": server.port, "path": PATH, "count": SOCKETS, "seconds": seconds, "window": window}
    before = cpu_seconds(server.pid)
    async with part("fanout_client", config) as client:
        rate: float = await client.hear(OPENING + seconds * 4 + GRACE)
    return {"rate": rate, "cpu_share": (cpu_seconds(server.pid) - before) / seconds}


async def held(server: Served) -> Measured:
    """Open sockets that do nothing, and see what they take."""
    process = psutil.Process(server.pid)
    before = process.memory_full_info().uss
    config = {"port": server.port, "path": PATH, "count": IDLE, "seconds": 0}
    async with part("fanout_client", config) as client:
        await client.hear(OPENING)
        await asyncio.sleep(SETTLING)
        after = process.memory_full_info().uss
        await client.tell(None)
    return {"kb": (after - before) / IDLE / 1024}


async def _run(stage: Stage) -> None:
    seconds = stage.options.seconds
    async with stage.servers.fanning("uvicorn") as yardstick, stage.servers.fanning("ours") as ours:
        for budget, window in ((FANOUT, WINDOW), (ALONE, 1)):
            await stage.compare(
                [budget],
                partial(fanned_out, yardstick, seconds, window),
                partial(fanned_out, ours, seconds, window),
            )

    async def fresh(kind: str) -> Measured:
        async with stage.servers.fanning(kind) as server:
            return await held(server)

    await stage.compare([MEMORY], lambda: fresh("uvicorn"), lambda: fresh("ours"))


BENCH = Bench("fanout", "one message to 500 sockets, by one server process", (FANOUT, ALONE, MEMORY), _run)
