"""`make faults ARGS="projections"`: let what is derived from a log break for some minutes, and audit it meanwhile."""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence

from tests.faults.projections.run import Plan
from tests.faults.projections.standing import audited


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults ARGS=projections", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of faults (default: 2)")
    parser.add_argument("--seed", type=int, help="of the choices; by default another one each time")
    parser.add_argument("--writers", type=int, default=4, help="people who write (default: 4)")
    found = parser.parse_args(given)
    if min(found.minutes, found.writers) <= 0:
        parser.error("all of these are more than 0")
    return found


def _say(line: str) -> None:
    print(line, flush=True)


def main(given: Sequence[str] | None = None) -> int:
    """Run; the status tells whether anything was found."""
    chosen = _arguments(given)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    _say(f"seed {seed}: {chosen.writers} writers")
    found = asyncio.run(audited(Plan(chosen.minutes * 60, seed, chosen.writers), _say))
    _say("\n" + found.table())
    return int(bool(found.findings))


if __name__ == "__main__":
    sys.exit(main())
