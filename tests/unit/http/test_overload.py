"""How much a process takes on: a burst once, and what it can do all the time."""

import pytest

from domain.errors import Unavailable
from infra.http.door import Door
from infra.http.observed import Traffic
from infra.http.overload import Load, is_counted


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def admitted(load: Load, asked: int) -> int:
    """Let as many in as there is room for."""
    there = load.in_flight
    for _ in range(asked):
        if not load.full:
            load.enter()
    return load.in_flight - there


def test_a_burst_is_let_in_once_and_then_only_what_is_worked_off() -> None:
    clock = Clock()
    load = Load(10, 4, clock)
    assert admitted(load, 50) == 10
    # A storm: whoever is done makes place for another, but not beyond what can be done all the time.
    load.in_flight -= 5
    assert admitted(load, 50) == 0
    for _ in range(100):
        load.in_flight -= 3
        clock.now += 0.01
        admitted(load, 50)
        assert load.in_flight <= 4 + 3
    assert load.in_flight == 4
    # A loop that answers all at once leaves no crowd for a moment; that is no calm.
    load.in_flight = 0
    clock.now += 0.9
    assert admitted(load, 50) == 4
    # It was calm for a second: a burst again.
    load.in_flight = 0
    clock.now += 1.1
    assert admitted(load, 50) == 10


def test_a_burst_may_come_in_parts() -> None:
    load = Load(10, 4, Clock())
    assert admitted(load, 7) == 7
    load.in_flight -= 5
    # Three of the six that a burst has beyond the steady four were used.
    assert admitted(load, 50) == 5
    assert load.full


def test_without_a_steady_limit_there_is_one_limit() -> None:
    load = Load(3)
    for _ in range(5):
        assert admitted(load, 9) == 3
        with pytest.raises(Unavailable):
            raise load.refuse()
        load.in_flight = 0
    assert load.refused == 5


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/api/commands/edit-block", True),
        ("/api/projects", True),
        ("/api/health/ready", False),
        ("/metrics", False),
        ("/api/projects/x/events", False),
    ],
)
def test_who_asks_whether_it_lives_is_not_counted_and_streams_are_not(path: str, *, counted: bool) -> None:
    assert is_counted(path) is counted
    load, traffic = Load(1), Traffic()
    door = Door(load, traffic)
    assert door.turns_away("GET", path.encode() + b"?x=/y", []) is counted
    assert (load.refused, sum(traffic.requests.values())) == (int(counted), int(counted))


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        ("HEAD", b"/api/projects", []),
        ("GET", b"/api/%68ealth", []),
        ("GET", b"/api/projects", [(b"origin", b"https://decks.example")]),
        ("POST", b"/api/assets", [(b"expect", b"100-continue")]),
    ],
)
def test_what_is_not_plain_goes_on_to_the_app(
    method: str, url: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    load = Load(1)
    assert not Door(load, Traffic()).turns_away(method, url, headers)
    assert load.refused == 0
