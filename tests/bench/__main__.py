"""`python -m tests.bench [NAMES]`: measure, print one table, never assert."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.benches import all_benches
from tests.bench.budgets import Row
from tests.bench.harness import Bench, Options, run_bench, say
from tests.bench.machine import load, machine
from tests.bench.servers import embedded_servers
from tests.bench.table import document, render

INTERRUPTED = 130
LEAST_EVENTS = 100_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="benches, by the beginnings of their names; none is all")
    parser.add_argument("--seconds", type=int, default=4, help="of one measurement (default: 4)")
    parser.add_argument("--rounds", type=int, default=3, help="of yardstick and ours (default: 3)")
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="in the log of long-log (default: 1,000,000)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, round by round")
    parser.add_argument("--list", action="store_true", help="list the benches and end")
    found = parser.parse_args()
    if found.seconds < 1 or found.rounds < 1:
        parser.error("--seconds and --rounds are at least 1")
    if found.events < LEAST_EVENTS:
        parser.error(f"--events is at least {LEAST_EVENTS}")
    for name in found.names:
        if not any(bench.name.startswith(name) for bench in all_benches()):
            parser.error(f"there is no bench {name}; --list lists them")
    return found


def _chosen(names: Sequence[str]) -> list[Bench]:
    benches = all_benches()
    return [b for b in benches if not names or any(b.name.startswith(name) for name in names)]


@dataclass(slots=True)
class Run:
    """What a run has found so far."""

    about: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


async def _run(benches: Sequence[Bench], options: Options, run: Run) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with embedded_servers() as servers:
        run.about = machine() | {"postgres": await servers.durability()} | asdict(options)
        _announce(run.about, options)
        for bench in benches:
            run.rows += await run_bench(bench, options, servers)


def _announce(about: dict[str, Any], options: Options) -> None:
    postgres = about["postgres"]
    durable = ", ".join(f"{name} {value}" for name, value in postgres.items() if name != "server_version")
    print(
        f"{about['at']}  {about['cores']} cores, {about['memory_gb']} GB, Python {about['python']}, load {about['load']}\n"
        f"PostgreSQL {postgres['server_version']}: {durable}\n"
        f"{options.rounds} rounds of {options.seconds} s each for yardstick and ours; medians (least-most)\n",
        flush=True,
    )


def main() -> int:
    """Run; the status tells whether everything could be measured, not how it turned out."""
    chosen = _arguments()
    benches = _chosen(chosen.names)
    if chosen.list:
        for bench in benches:
            print(f"{bench.name:12} {bench.about}")
        return 0
    run, interrupted = Run(), False
    try:
        uvloop.run(_run(benches, Options(chosen.seconds, chosen.rounds, chosen.events), run))
    except (KeyboardInterrupt, asyncio.CancelledError):
        interrupted = True
        say("interrupted")
    run.about["load_after"] = load()
    if run.rows:
        print(f"\n{render(run.rows)}\n\nload afterwards: {run.about['load_after']}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(document(run.rows, run.about), indent=2) + "\n", "utf-8")
    return INTERRUPTED if interrupted else int(any(row.why_not for row in run.rows))


if __name__ == "__main__":
    sys.exit(main())
