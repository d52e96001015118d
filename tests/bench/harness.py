"""What a bench is, what it is given, and how yardstick and ours take turns."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.budgets import Budget, Measured, Row, Spread
from tests.bench.servers import Servers
from tests.bench.tools import Tool, ToolFailed

Measure = Callable[[], Awaitable[Measured]]


@dataclass(frozen=True, slots=True)
class Options:
    """How long a measurement takes, how often it is repeated, and how many events a long log has."""

    seconds: int
    rounds: int
    events: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Bench:
    """A measurement of one thing. `budgets` are all rows that `run` is to fill."""

    name: str
    about: str
    budgets: Sequence[Budget]
    run: Callable[["Stage"], Awaitable[None]]
    tools: Sequence[Tool] = ()


@dataclass(slots=True)
class Stage:
    """What a running bench works with: servers, a folder for its files, and the rows that it has filled."""

    bench: str
    options: Options
    servers: Servers
    folder: Path
    rows: list[Row] = field(default_factory=list)

    async def compare(self, budgets: Sequence[Budget], yardstick: Measure, ours: Measure) -> None:
        """Let yardstick and ours take turns, and fill the rows of these budgets."""
        rounds: list[tuple[Measured, Measured]] = []
        for n in range(1, self.options.rounds + 1):
            place = f"{budgets[0].what}, round {n}"
            measured = []
            for name, measure in ((budgets[0].yardstick, yardstick), ("ours", ours)):
                await self.servers.settle()
                measured.append(await measure())
                say(f"  {place}: {name}: {_brief(measured[-1])}")
            rounds.append((measured[0], measured[1]))
        self.rows += [Row.of(self.bench, budget, rounds) for budget in budgets]

    async def once(self, budgets: Sequence[Budget], ours: Measure) -> None:
        """Measure once what takes long and has no yardstick but its budget."""
        await self.servers.settle()
        measured = await ours()
        say(f"  {self.bench}: {_brief(measured)}")
        for budget in budgets:
            spread = Spread.of([measured[budget.key]])
            self.rows.append(Row(self.bench, budget, ours=spread, rounds=(({}, measured),)))


async def run_bench(bench: Bench, options: Options, servers: Servers) -> list[Row]:
    """Run a bench; a row that it could not fill says why."""
    say(f"{bench.name}: {bench.about}")
    stage = Stage(bench.name, options, servers, servers.place(bench.name))
    why = "the bench did not fill it"
    missing = [tool for tool in bench.tools if tool.path is None]
    if missing:
        why = "; ".join(tool.how_to_get for tool in missing)
        say(f"  skipped: {why}")
    else:
        try:
            await bench.run(stage)
        except ToolFailed as failed:
            why = str(failed)
            say(f"  failed: {why}")
        except Exception as error:  # noqa: BLE001 - the other benches are still to be run; the row shows it
            why = f"{type(error).__name__}: {error}"
            say(f"  failed: {why}")
    filled = {row.budget for row in stage.rows}
    return [*stage.rows, *(Row(bench.name, b, why_not=why) for b in bench.budgets if b not in filled)]


def say(line: str) -> None:
    """Tell how far things are, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def _brief(measured: Measured) -> str:
    return ", ".join(f"{name} {value:,.5g}" for name, value in measured.items())
