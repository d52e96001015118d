"""A gateway with 10,000 sockets is told to end: is everybody told, in time, and not all to come back at once."""

import asyncio
import os
import signal
import time

import psutil

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import author
from tests.bench.harness import Bench, Stage
from tests.bench.part import part
from tests.bench.servers import Served, bearer

SOCKETS, PROJECTS = 10_000, 100
OPENING, PATIENCE = 120.0, 90.0
# Seconds that Kubernetes, or `decklog up`, gives a process before it is killed.
GRACE = 10.0

UNTOLD = Budget("sockets that were not told, of 10,000", "none", 0, 0, key="untold", unit="", lower_is_better=True, absolute=True)  # fmt: skip
ENDED = Budget("until the process has ended", "none", GRACE, 6, key="ended_s", unit="s", lower_is_better=True, absolute=True)  # fmt: skip
HERD = Budget("come back in the same tenth of a second", "none", 1_000, 300, key="herd", unit="", lower_is_better=True, absolute=True)  # fmt: skip


async def _measure(gateway: Served, paths: list[str]) -> Measured:
    config = {
        "port": gateway.port,
        "paths": paths,
        "token": bearer().removeprefix("Bearer "),
        "count": SOCKETS,
    }
    process = psutil.Process(gateway.pid)
    async with part("farewells", config) as crowd:
        await crowd.hear(OPENING)
        os.kill(gateway.pid, signal.SIGTERM)
        begun = time.monotonic()
        found: dict[str, float] = await crowd.hear(PATIENCE)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() - begun > PATIENCE:
                break
            await asyncio.sleep(0.05)
    return {**found, "ended_s": time.monotonic() - begun}


async def _run(stage: Stage) -> None:
    servers = stage.servers
    unlimited = {"WS_MAX_PER_USER": "0", "WS_MAX_PER_IP": "0"}
    async with (
        servers.database() as settings,
        servers.serving("write", settings) as write,
        servers.serving("live", settings, **unlimited) as gateway,
    ):
        async with author(write) as writer:
            decks = [await writer.deck(1) for _ in range(PROJECTS)]
        paths = [f"/api/projects/{deck.project}/live" for deck in decks]
        await stage.once([UNTOLD, ENDED, HERD], lambda: _measure(gateway, paths))


BENCH = Bench("drain", "a gateway with 10,000 sockets ends", (UNTOLD, ENDED, HERD), _run)
