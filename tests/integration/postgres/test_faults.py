"""The short version of `make faults`: the same processes, the same faults, the same checker."""

from collections import Counter

import pytest

from tests.faults.run import Plan, run
from tests.faults.scene import Size

FAULTS = {
    "database killed": 3,
    "connections cut": 6,
    "connections stalled": 1,
    "writer stopped": 1,
    "writer killed": 1,
    "clock jumped": 2,
}


@pytest.mark.timeout(300)
async def test_nothing_is_wrong_with_a_log_under_which_everything_broke() -> None:
    outcome = await run(Plan(0, seed=5, size=Size(writers=4, clients=12, pause=0.05), bag=FAULTS), print)
    assert outcome.findings.lines() == []
    assert outcome.faults == Counter(FAULTS)
    assert outcome.cuts.total() > 0
    judged = outcome.judgement
    assert judged.acknowledged > 1_000
    assert judged.acknowledged <= judged.events == judged.audited
    assert outcome.refused > 0
