"""The continuous audit of all read models, in its short form; the long one is `make faults ARGS="projections"`."""

from pathlib import Path

import pytest

from infra.embedded.valkey import EmbeddedValkey
from infra.settings import Settings
from tests.faults.projections.run import Plan, run

EACH = dict.fromkeys(["worker killed", "valkey killed", "valkey emptied", "rebuild killed", "rebuild"], 1)


@pytest.mark.timeout(400)
async def test_under_faults_every_read_model_is_the_fold_of_the_log_at_every_moment(
    settings_on_spare: Settings, spare: EmbeddedValkey, tmp_path: Path
) -> None:
    settings = settings_on_spare.model_copy(update={"relay_heartbeat_ms": 250})

    outcome = await run(Plan(0, 1, 2, EACH), settings, spare, tmp_path, lambda _: None)

    assert outcome.findings.lines() == []
    assert outcome.faults == EACH
    assert outcome.events > 100
    assert outcome.rows > 50
    assert outcome.looks > len(EACH)
