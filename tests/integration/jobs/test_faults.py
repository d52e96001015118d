"""The short version of `make faults ARGS="jobs"`: the same processes, the same faults, the same judgement."""

from collections import Counter

import pytest

from tests.faults.labour import CONCURRENCY, labour

FAULTS = ("database killed", "valkey killed", "worker killed")


@pytest.mark.timeout(300)
async def test_each_job_has_one_effect_and_one_end_whatever_breaks() -> None:
    outcome = await labour(7, 0, print, kinds_of=FAULTS, processes=2, backlog=25)
    assert outcome.findings.lines() == []
    assert outcome.faults == Counter(FAULTS)
    assert outcome.jobs == outcome.ends.total() > 25
    # Of all that asked for it, there were more than may be under way, and some that ended well.
    assert 0 < outcome.most <= CONCURRENCY
    assert outcome.ends["succeeded"] > 0
