"""How long after its commit an edit is in the read tables: through relay, stream and projector."""

from functools import partial

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.bench.machine import cpu_seconds
from tests.bench.part import part

RATE, LITTLE = 1_000, 10
GRACE = 60.0
WHAT = f"projection lag at {RATE:,} edits/s"

P99 = Budget(
    f"{WHAT}, p99", "at 10 edits/s", 200, 50, key="p99_ms", unit="ms", lower_is_better=True, absolute=True
)
P50 = Budget(f"{WHAT}, p50", "at 10 edits/s", key="p50_ms", unit="ms", absolute=True)


async def _measure(settings: Settings, workers: int, seconds: int, rate: int) -> Measured:
    config = {
        "settings": settings.model_dump(mode="json", exclude_defaults=True),
        "rate": rate,
        "seconds": seconds,
    }
    before = cpu_seconds(workers)
    async with part("lagging", config) as lagging:
        found: Measured = await lagging.hear(seconds + GRACE)
    return {**found, "workers_cpu_s": cpu_seconds(workers) - before}


async def _run(stage: Stage) -> None:
    async with stage.servers.database() as settings, stage.servers.working(settings) as workers:
        measure = partial(_measure, settings, workers, stage.options.seconds)
        await stage.compare([P99, P50], lambda: measure(LITTLE), lambda: measure(RATE))


BENCH = Bench(
    "projection-lag", "from an edit's commit to its row in the read table, at a steady rate", (P99, P50), _run
)
