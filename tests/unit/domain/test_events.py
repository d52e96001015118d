from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar
from uuid import UUID

import pytest

from domain.events import Event, EventRegistry, UnknownTopic
from tests.support.making import recorded

ID = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")


@dataclass(frozen=True, kw_only=True)
class Painted(Event):
    """Version 1 had a `color` name; 2 called it `colour`; 3 has a list of colours."""

    TOPIC: ClassVar[str] = "test.painted"
    KIND: ClassVar[str] = "wall"
    class_version: ClassVar[int] = 3

    colours: list[str]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["colour"] = state.pop("color")

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["colours"] = [state.pop("colour")]


@dataclass(frozen=True, kw_only=True)
class Demolished(Event):
    TOPIC: ClassVar[str] = "test.demolished"
    KIND: ClassVar[str] = "wall"


@dataclass(frozen=True, kw_only=True)
class PaintedAgain(Event):
    TOPIC: ClassVar[str] = "test.painted"
    KIND: ClassVar[str] = "fence"


@pytest.fixture
def registry() -> EventRegistry:
    return EventRegistry([Painted, Demolished])


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param({"color": "red"}, id="version 1, which is not written down"),
        pytest.param({"color": "red", "class_version": 1}, id="version 1"),
        pytest.param({"colour": "red", "class_version": 2}, id="version 2"),
        pytest.param({"colours": ["red"], "class_version": 3}, id="version 3"),
    ],
)
def test_events_of_every_version_come_back_as_the_latest(
    registry: EventRegistry, stored: dict[str, Any]
) -> None:
    event = registry.rebuild("test.painted", ID, 7, stored)

    assert event == Painted(originator_id=ID, originator_version=7, colours=["red"])
    assert event.data() == {"colours": ["red"]}


def test_an_event_without_fields_comes_back(registry: EventRegistry) -> None:
    event = registry.rebuild("test.demolished", ID, 2, {})

    assert event == Demolished(originator_id=ID, originator_version=2)
    assert event.data() == {}


def test_a_rebuilt_event_is_as_frozen_as_any(registry: EventRegistry) -> None:
    event = registry.rebuild("test.painted", ID, 1, {"color": "red"})

    with pytest.raises(FrozenInstanceError):
        event.originator_version = 2  # type: ignore[misc]


def test_an_unknown_topic_is_refused_by_its_name(registry: EventRegistry) -> None:
    with pytest.raises(UnknownTopic, match=r"test\.varnished"):
        registry.rebuild("test.varnished", ID, 1, {})
    with pytest.raises(UnknownTopic, match=r"test\.varnished"):
        registry.kind("test.varnished")


def test_a_topic_belongs_to_a_kind_of_stream(registry: EventRegistry) -> None:
    assert registry.kind("test.painted") == "wall"
    assert dict(registry.types) == {"test.painted": Painted, "test.demolished": Demolished}


def test_two_types_of_one_topic_are_refused() -> None:
    with pytest.raises(ValueError, match=r"test\.painted"):
        EventRegistry([Painted, Demolished, PaintedAgain])


def test_a_type_may_be_named_twice() -> None:
    assert dict(EventRegistry([Demolished, Demolished]).types) == {"test.demolished": Demolished}


def test_who_did_it_stands_in_the_envelope() -> None:
    event = Demolished(originator_id=ID, originator_version=1)

    assert recorded(event, by="grace").actor == "grace"
