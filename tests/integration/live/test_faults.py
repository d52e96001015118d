"""The short version of `make faults ARGS="live"`: the same processes, the same faults, the same judgement."""

from collections import Counter

import pytest

from tests.faults.live.run import Plan, run
from tests.faults.live.scene import Size

FAULTS = {
    "lines cut": 2,
    "gateway killed": 1,
    "gateway drained": 1,
    "Redis emptied": 1,
    "Redis killed": 1,
}


@pytest.mark.timeout(400)
async def test_each_subscriber_gets_the_log_whatever_breaks() -> None:
    size = Size(projects=3, writers=3, readers=9, pause=0.02)
    outcome = await run(Plan(0, seed=3, size=size, bag=FAULTS), print)
    assert outcome.findings.lines() == []
    assert outcome.faults == Counter(FAULTS)
    assert outcome.acknowledged > 20
    assert outcome.delivered >= 3 * outcome.acknowledged
    assert outcome.reconnects > 0
    assert outcome.resets == 0
