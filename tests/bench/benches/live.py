"""From an edit posted to its event received: the whole way through log, relay, streams, hub and sockets."""

import asyncio
import time
from dataclasses import dataclass

import orjson

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Deck, at_rest, author, see
from tests.bench.harness import Bench, Stage
from tests.bench.machine import cpu_seconds
from tests.bench.part import part
from tests.bench.parts.subscribers import mark
from tests.bench.poster import Poster
from tests.bench.servers import Served, bearer
from tests.bench.tools import ToolFailed

SUBSCRIBERS, RATE, BLOCKS = 1_000, 50, 40
WARM_UP = 25
# Timing each of a thousand takes half a processor, which what is measured would have to do without: every fifth is timed,
# and all must be sent everything. What timing each of them comes to is told beside it.
TIMED_OF = 5
OPENING, PATIENCE, GRACE = 60.0, 10.0, 30.0
TEXT = "hello world, this is a typical block edit, so that the size is realistic"

P50 = Budget("p50, 1,000 subscribers, 50 edits/s", "1 subscriber", key="p50_ms", unit="ms", absolute=True)
P99 = Budget("p99, 1,000 subscribers, 50 edits/s", "1 subscriber", 50, 20, key="p99_ms", unit="ms", lower_is_better=True, absolute=True)  # fmt: skip
EACH_P50 = Budget("p50, each of 1,000 timed", "every fifth timed", key="p50_ms", unit="ms", absolute=True)
EACH_P99 = Budget("p99, each of 1,000 timed", "every fifth timed", key="p99_ms", unit="ms", absolute=True)


@dataclass(frozen=True, slots=True)
class _Live:
    deck: Deck
    write: Served
    read: Served
    workers: int
    seconds: int

    async def measure(self, subscribers: int, timed_of: int = 1) -> Measured:
        """Edit at a steady rate, and see how late the events are with every `timed_of`th of the subscribers."""
        config = {
            "port": self.read.port,
            "paths": [f"/api/projects/{self.deck.project}/live"],
            "token": bearer().removeprefix("Bearer "),
            "count": subscribers,
            "timed_of": timed_of,
        }
        await self._nobody()
        poster = Poster(self.write, "/api/commands/edit-block")
        async with part("subscribers", config) as crowd:
            await crowd.hear(OPENING)
            await at_rest(self.write)
            edits = WARM_UP + self.seconds * RATE
            before = cpu_seconds(self.read.pid), cpu_seconds(self.workers)
            sent = await poster.steadily(self._body, edits, RATE)
            await poster.close()
            counted = {n: at for n, at in sent.items() if n >= WARM_UP}
            await crowd.tell({"sent": counted, "patience": PATIENCE})
            found: dict[str, float] = await crowd.hear(PATIENCE + GRACE)
            read, workers = cpu_seconds(self.read.pid) - before[0], cpu_seconds(self.workers) - before[1]
        return {
            **found,
            "read_us_a_delivery": read / edits / subscribers * 1e6,
            "workers_us_an_edit": workers / edits * 1e6,
        }

    def _body(self, n: int) -> bytes:
        block = self.deck.blocks[n % len(self.deck.blocks)]
        changes = {"text": f"{mark(n)} {TEXT} {time.monotonic_ns()}"}
        return orjson.dumps({"project_id": self.deck.project, "block_id": block, "changes": changes})

    async def _nobody(self) -> None:
        """Wait until the subscribers of the measurement before are gone."""
        deadline = time.monotonic() + GRACE
        while (await see(self.read, "/api/health")).json()["live"]["subscribers"]:
            if time.monotonic() > deadline:
                raise ToolFailed(f"subscribers that left {GRACE:.0f} s ago are still there")
            await asyncio.sleep(0.1)


async def _run(stage: Stage) -> None:
    async with (
        stage.servers.database() as settings,
        stage.servers.working(settings) as workers,
        stage.servers.serving("read", settings) as read,
        stage.servers.serving("write", settings) as write,
    ):
        async with author(write) as writer:
            deck = await writer.deck(BLOCKS)
        await see(read, f"/api/projects/{deck.project}?min_position={deck.position}")
        live = _Live(deck, write, read, workers, stage.options.seconds)
        await stage.compare([P50, P99], lambda: live.measure(1), lambda: live.measure(SUBSCRIBERS, TIMED_OF))
        await stage.compare(
            [EACH_P50, EACH_P99],
            lambda: live.measure(SUBSCRIBERS, TIMED_OF),
            lambda: live.measure(SUBSCRIBERS),
        )


BENCH = Bench(
    "live",
    "an edit posted until its event is with every subscriber, against a single one",
    (P50, P99, EACH_P50, EACH_P99),
    _run,
)
