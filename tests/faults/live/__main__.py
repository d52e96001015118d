"""`make faults ARGS="live --minutes 10"`: break gateways, Redis and lines under live readers, and compare."""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence

from tests.faults.live.run import Outcome, Plan, run
from tests.faults.live.scene import Size


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults live", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of faults (default: 2)")
    parser.add_argument("--seed", type=int, help="of the choices; by default another one each time")
    parser.add_argument("--readers", type=int, default=24, help="live subscribers (default: 24)")
    parser.add_argument("--writers", type=int, default=6, help="who edit all the time (default: 6)")
    found = parser.parse_args(argv)
    if min(found.minutes, found.readers, found.writers) <= 0:
        parser.error("all of these are more than 0")
    return found


def _table(outcome: Outcome) -> str:
    lines = [
        ("seconds", f"{outcome.seconds:.0f}"),
        ("events in the log", f"{outcome.events:,}"),
        ("edits acknowledged", f"{outcome.acknowledged:,}"),
        ("events delivered", f"{outcome.delivered:,}"),
        ("reconnects", f"{outcome.reconnects:,}"),
        ("resets", f"{outcome.resets:,}"),
        *((f"fault: {kind}", str(count)) for kind, count in sorted(outcome.faults.items())),
        ("findings", str(outcome.findings.counts.total() or "none")),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run; the status tells whether anything was found."""
    chosen = _arguments(argv)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}: {chosen.readers} live readers, {chosen.writers} writers", flush=True)
    size = Size(readers=chosen.readers, writers=chosen.writers)
    outcome = asyncio.run(run(Plan(chosen.minutes * 60, seed, size), lambda line: print(line, flush=True)))
    print("\n" + _table(outcome))
    for line in outcome.findings.lines():
        print(line)
    return int(bool(outcome.findings))


if __name__ == "__main__":
    sys.exit(main())
