"""Appending to a long log, against appending to a short one: `--events` says how long (10,000,000 takes a while)."""

from functools import partial

from tests.bench.benches.append import append
from tests.bench.budgets import Budget
from tests.bench.filling import fill
from tests.bench.harness import Bench, Stage, say
from tests.bench.parts.writers import ANSWER

SHORT = 100_000
EVENTS_A_STREAM = 100
WRITERS = 64

RATE = Budget("64 writers on a long log", "on one of 100,000 events", 0.9)
CHANCE = Budget("the same, command ids by chance", "on one of 100,000 events")


async def _run(stage: Stage) -> None:
    seconds, long = stage.options.seconds, stage.options.events
    async with stage.servers.database() as few, stage.servers.database() as many:
        for settings, events in ((few, SHORT), (many, long)):
            say(f"  filling a log with {events:,} events")
            await fill(settings, events, events // EVENTS_A_STREAM, ANSWER)
        for budget, by_chance in ((RATE, False), (CHANCE, True)):
            await stage.compare(
                [budget],
                partial(append, few, seconds, WRITERS, by_chance=by_chance),
                partial(append, many, seconds, WRITERS, by_chance=by_chance),
            )


BENCH = Bench("long-log", "edits appended to a log that is long already", (RATE, CHANCE), _run)
