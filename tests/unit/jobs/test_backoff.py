"""Retries wait anywhere up to a bound that doubles."""

from random import Random

import pytest

from workers.jobs.doing import Backoff


def delays(tries: int, *, least: float | None = None, longest: float = 60.0) -> list[float]:
    backoff = Backoff(first=1.0, longest=longest, random=Random(7))  # noqa: S311 - jitter
    return [backoff.delay(tries, least) for _ in range(2_000)]


@pytest.mark.parametrize(("tries", "bound"), [(1, 1), (2, 2), (3, 4), (6, 32)])
def test_the_bound_doubles_and_all_below_it_is_equally_likely(tries: int, bound: float) -> None:
    found = delays(tries)
    assert max(found) <= bound
    # Full jitter: retries that failed together do not come back together.
    for quarter in range(4):
        share = sum(quarter <= 4 * delay / bound < quarter + 1 for delay in found) / len(found)
        assert 0.2 < share < 0.3


@pytest.mark.parametrize("tries", [7, 40, 1_000_000])
def test_nobody_waits_longer_than_the_longest(tries: int) -> None:
    found = delays(tries)
    assert 55 < max(found) <= 60


def test_who_says_when_to_come_again_is_believed() -> None:
    assert min(delays(1, least=5.0)) == 5.0
    assert max(delays(3, least=0.5)) > 3
