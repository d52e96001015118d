"""How much memory the processes of a rebuild take, of a short log and of a long one."""

from functools import partial

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.bench.rebuilt import Peak, fill_blocks, rebuilt

EVENTS_A_BLOCK, SHORTER = 50, 10

MEMORY = Budget(
    "rebuild, memory of the largest process",
    "a tenth of the events",
    500,
    250,
    key="mb",
    unit="MB",
    lower_is_better=True,
    absolute=True,
)


async def _measure(settings: Settings, stage: Stage) -> Measured:
    peak = Peak()
    found = await rebuilt(settings, stage.folder, peak)
    return {**found, "mb": peak.megabytes}


async def _run(stage: Stage) -> None:
    events = stage.options.events
    async with stage.servers.database() as short, stage.servers.database() as long:
        for settings, count in ((short, events // SHORTER), (long, events)):
            await fill_blocks(settings, count, count // EVENTS_A_BLOCK)
        await stage.compare([MEMORY], partial(_measure, short, stage), partial(_measure, long, stage))


BENCH = Bench("memory-of-rebuild", "the memory of a rebuild of --events events", (MEMORY,), _run)
