"""What the gate costs an edit: the same edits over HTTP with limits, and without."""

from tests.bench.benches.http_edit import WARM_UP, Edits
from tests.bench.budgets import Budget
from tests.bench.decks import author
from tests.bench.harness import Bench, Stage
from tests.bench.tools import WRK

RATE = Budget("edits with limits on", "limits off", 0.85, 0.92)
CPU = Budget("processor time of an edit", "limits off", key="cpu_us", unit="us")


async def _run(stage: Stage) -> None:
    async with (
        stage.servers.database() as settings,
        stage.servers.serving("write", settings) as limited,
        stage.servers.serving("write", settings, RATE_LIMIT_ENABLED="false") as free,
        author(limited) as writer,
    ):
        ours, others = Edits(stage, settings, limited, writer), Edits(stage, settings, free, writer)
        for edits in (ours, others):
            await edits.ours(WARM_UP)
        seconds = stage.options.seconds
        await stage.compare([RATE, CPU], lambda: others.ours(seconds), lambda: ours.ours(seconds))


BENCH = Bench("gate-cost", "blocks edited over HTTP with rate limits and without", (RATE, CPU), _run, (WRK,))
