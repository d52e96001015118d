from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.events import Recorded
from read_api.live.replay import GAP, Pace
from read_api.parameters import Parameters
from tests.support.making import NOON, created


def recorded(seconds: float) -> Recorded:
    project = uuid4()
    first = Recorded(1, created(project), project, uuid4(), NOON, {"actor": {"id": "ada", "kind": "person"}})
    return replace(first, recorded_at=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("speed", "apart", "pause"), [("1", 2, 2), ("10", 2, 0.2), ("0.5", 2, 4), ("1", 3_600, GAP)]
)
def test_pauses_are_those_of_then_at_the_speed_and_not_longer_than_the_gap(
    speed: str, apart: float, pause: float
) -> None:
    pace = Pace.of(Parameters({"speed": speed}))
    assert pace is not None
    assert pace.pause(None, recorded(0)) == 0
    assert pace.pause(recorded(0), recorded(apart)) == pytest.approx(pause)


def test_without_a_speed_there_is_no_replay() -> None:
    assert Pace.of(Parameters({"to": "5"})) is None
