"""`make faults ARGS="jobs …"`: let everything under jobs break for some minutes, then check each of them."""

import argparse
import asyncio
import random
from collections.abc import Sequence

from tests.faults.labour import LabourOutcome, labour


def _table(outcome: LabourOutcome) -> str:
    lines = [
        ("seconds", f"{outcome.seconds:.0f}"),
        ("jobs", f"{outcome.jobs:,}, {outcome.attempts:,} attempts"),
        *((end, f"{count:,}") for end, count in sorted(outcome.ends.items())),
        *((f"fault: {kind}", str(count)) for kind, count in sorted(outcome.faults.items())),
        ("most at once", str(outcome.most)),
        ("findings", str(outcome.findings.counts.total() or "none")),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in lines)


def main(arguments: Sequence[str]) -> int:
    """Run; the status tells whether anything was found."""
    parser = argparse.ArgumentParser(prog="make faults jobs", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of faults (default: 2)")
    parser.add_argument("--seed", type=int, help="of the choices; by default another one each time")
    chosen = parser.parse_args(arguments)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    outcome = asyncio.run(labour(seed, chosen.minutes * 60, lambda line: print(line, flush=True)))
    print("\n" + _table(outcome))
    for line in outcome.findings.lines():
        print(line)
    return int(bool(outcome.findings))
