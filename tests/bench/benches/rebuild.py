"""The rate of `decklog projections rebuild`, its start and the swap included."""

from functools import partial

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.filling import text
from tests.bench.harness import Bench, Stage
from tests.bench.part import part
from tests.bench.rebuilt import PATIENCE, fill_blocks, rebuilt

EVENTS, STREAMS = 500_000, 10_000
STOCK_EVENTS = 6_000

RATE = Budget("rebuild of all read models", "stock ProjectionRunner", 30, 60)


async def _stock(stage: Stage, _: Settings) -> Measured:
    async with stage.servers.database() as empty:
        config = {"dsn": empty.dsn, "events": STOCK_EVENTS, "text": text()}
        async with part("stock_projection", config) as stock:
            found: Measured = await stock.hear(PATIENCE)
            return found


async def _run(stage: Stage) -> None:
    async with stage.servers.database() as settings:
        await fill_blocks(settings, EVENTS, STREAMS)
        await stage.compare(
            [RATE], partial(_stock, stage, settings), partial(rebuilt, settings, stage.folder)
        )


BENCH = Bench(
    "rebuild", "half a million events folded into all read models, compared and swapped", (RATE,), _run
)
