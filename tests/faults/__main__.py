"""`make faults`: let everything under a log break for some minutes, then check that nothing is wrong with it.

`make faults ARGS="live …"` does the same to live subscriptions, `ARGS="jobs …"` to jobs.
"""

import argparse
import asyncio
import random
import sys

from tests.faults.labour_run import main as jobs_main
from tests.faults.live.__main__ import main as live_main
from tests.faults.projections.__main__ import main as projections_main
from tests.faults.run import Outcome, Plan, run
from tests.faults.scene import Size


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of faults (default: 2)")
    parser.add_argument("--seed", type=int, help="of the choices; by default another one each time")
    parser.add_argument("--writers", type=int, default=4, help="writer processes (default: 4)")
    parser.add_argument("--clients", type=int, default=50, help="of each writer process (default: 50)")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between a client's requests (0.1)")
    found = parser.parse_args()
    if min(found.minutes, found.writers, found.clients, found.pause) <= 0:
        parser.error("all of these are more than 0")
    return found


def _table(outcome: Outcome) -> str:
    judged = outcome.judgement
    lines = [
        ("seconds", f"{outcome.seconds:.0f}"),
        ("events in the log", f"{judged.events:,} in {judged.streams:,} streams"),
        ("events acknowledged", f"{judged.acknowledged:,}"),
        ("requests", f"{judged.commands:,}"),
        ("requests refused", f"{outcome.refused:,} (another version, another structure)"),
        ("refused for a while", f"{outcome.unknown:,} times (the database was away)"),
        ("never answered", f"{judged.unanswered:,} requests (without an id, or their process was killed)"),
        ("longest wait", f"{outcome.longest:.1f} s"),
        *((f"fault: {kind}", str(count)) for kind, count in sorted(outcome.faults.items())),
        *((f"cut: {how}", str(count)) for how, count in sorted(outcome.cuts.items())),
        ("events audited", f"{judged.audited:,}"),
        ("findings", str(outcome.findings.counts.total() or "none")),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in lines)


def main() -> int:
    """Run; the status tells whether anything was found."""
    if sys.argv[1:2] == ["jobs"]:
        return jobs_main(sys.argv[2:])
    if sys.argv[1:2] == ["live"]:
        return live_main(sys.argv[2:])
    if sys.argv[1:2] == ["projections"]:
        return projections_main(sys.argv[2:])
    chosen = _arguments()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    size = Size(chosen.writers, chosen.clients, chosen.pause)
    print(f"seed {seed}: {size.writers} writer processes of {size.clients} clients", flush=True)
    outcome = asyncio.run(run(Plan(chosen.minutes * 60, seed, size), lambda line: print(line, flush=True)))
    print("\n" + _table(outcome))
    for line in outcome.findings.lines():
        print(line)
    return int(bool(outcome.findings))


if __name__ == "__main__":
    sys.exit(main())
