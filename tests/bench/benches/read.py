"""The event log read from its beginning, rebuilt as events."""

from functools import partial

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.filling import fill
from tests.bench.harness import Bench, Stage
from tests.bench.part import part
from tests.bench.parts.writers import ANSWER

EVENTS, STREAMS = 200_000, 2_000
GRACE = 30.0

RATE = Budget("read and decode, 1 process", "the same rows, not decoded", 100_000, absolute=True)
CPU = Budget("processor time of an event", "a row", key="cpu_us", unit="us")


async def _read(settings: Settings, seconds: int, *, decode: bool) -> Measured:
    config = {
        "settings": settings.model_dump(mode="json", exclude_defaults=True),
        "seconds": seconds,
        "decode": decode,
    }
    async with part("decoding", config) as reader:
        found: Measured = await reader.hear(seconds + GRACE)
        return found


async def _run(stage: Stage) -> None:
    seconds = stage.options.seconds
    async with stage.servers.database() as settings:
        await fill(settings, EVENTS, STREAMS, ANSWER)
        await stage.compare(
            [RATE, CPU],
            partial(_read, settings, seconds, decode=False),
            partial(_read, settings, seconds, decode=True),
        )


BENCH = Bench("read", "the whole log read by one process, events rebuilt", (RATE, CPU), _run)
