"""19,000 sockets that mostly listen, over two gateway processes, while people edit; and what each of them costs."""

import asyncio
import random
import time

import orjson
import psutil

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Deck, at_rest, author
from tests.bench.harness import Bench, Stage, say
from tests.bench.part import part
from tests.bench.parts.subscribers import mark
from tests.bench.poster import Poster
from tests.bench.servers import Served, bearer

# The machine's limit of open files is 20,000 a process: the client's processes hold half of the sockets each.
SOCKETS, PROJECTS = 9_500, 950
EDITS_A_MINUTE = 1_000
MINUTES = 1.0
OPENING, PATIENCE, GRACE = 120.0, 10.0, 30.0
UNLIMITED = {"WS_MAX_PER_USER": "0", "WS_MAX_PER_IP": "0"}

DROPPED = Budget("sockets dropped of 19,000", "none", 0, 0, key="dropped", unit="", lower_is_better=True, absolute=True)  # fmt: skip
P99 = Budget("p99 to 19,000 sockets, 1,000 edits a minute", "none", 50, 50, key="p99_ms", unit="ms", lower_is_better=True, absolute=True)  # fmt: skip
MEMORY = Budget("memory of an idle live socket, everything in it", "none", 40, 20, key="kb", unit="KB", lower_is_better=True, absolute=True)  # fmt: skip


async def _measure(decks: list[Deck], write: Served, gateways: list[Served]) -> Measured:
    picked = random.Random(1)  # noqa: S311 - the same choices in every run
    token = bearer().removeprefix("Bearer ")
    paths = [f"/api/projects/{deck.project}/live" for deck in decks]
    config = {"paths": paths, "token": token, "count": SOCKETS}
    memory = [psutil.Process(g.pid).memory_full_info().uss for g in gateways]
    begun = time.monotonic()
    async with (
        part("subscribers", {**config, "port": gateways[0].port}) as one,
        part("subscribers", {**config, "port": gateways[1].port}) as two,
    ):
        await asyncio.gather(one.hear(OPENING), two.hear(OPENING))
        opened = time.monotonic() - begun
        await at_rest(write)
        say(f"  all are open after {opened:.1f} s, and at rest after {time.monotonic() - begun:.1f} s")
        grown = [psutil.Process(g.pid).memory_full_info().uss for g in gateways]

        def body(n: int) -> bytes:
            deck = picked.choice(decks)
            changes = {"text": f"{mark(n)} a typical edit {time.monotonic_ns()}"}
            return orjson.dumps({"project_id": deck.project, "block_id": deck.blocks[0], "changes": changes})

        poster = Poster(write, "/api/commands/edit-block")
        sent = await poster.steadily(body, int(EDITS_A_MINUTE * MINUTES), EDITS_A_MINUTE / 60)
        await poster.close()
        for crowd in (one, two):
            await crowd.tell({"sent": sent, "patience": PATIENCE})
        found = await asyncio.gather(one.hear(PATIENCE + GRACE), two.hear(PATIENCE + GRACE))
    return {
        "p99_ms": max(f["p99_ms"] for f in found),
        "p50_ms": max(f["p50_ms"] for f in found),
        "max_ms": max(f["max_ms"] for f in found),
        "missing": sum(f["missing"] for f in found),
        "dropped": sum(f["lost_sockets"] for f in found),
        "kb": sum(b - a for a, b in zip(memory, grown, strict=True)) / (2 * SOCKETS) / 1024,
        "opened_a_second": 2 * SOCKETS / opened,
    }


async def _run(stage: Stage) -> None:
    servers = stage.servers
    async with (
        servers.database() as settings,
        servers.working(settings),
        servers.serving("write", settings) as write,
        servers.serving("live", settings, **UNLIMITED) as first,
        servers.serving("live", settings, **UNLIMITED) as second,
    ):
        async with author(write) as writer:
            decks = [await writer.deck(1) for _ in range(PROJECTS)]
        await stage.once([DROPPED, P99, MEMORY], lambda: _measure(decks, write, [first, second]))


BENCH = Bench(
    "crowd",
    "19,000 sockets over two gateways while 1,000 edits a minute are made",
    (DROPPED, P99, MEMORY),
    _run,
)
