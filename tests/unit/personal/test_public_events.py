"""Where personal values stand in the events that readers get, and where they do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast
from uuid import UUID

import orjson
import pytest

from domain.catalogue import CATALOGUE, public_event
from domain.events import Event, Recorded
from projections.history import told
from projections.live import live_item, revealed
from tests.support.making import created, recorded

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
THREAD = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
SEALED = {"sealed": "AAAA", "key": 3}


@dataclass(frozen=True, kw_only=True)
class Remarked(Event):
    TOPIC: ClassVar[str] = "test.remarked"
    KIND: ClassVar[str] = "remark"
    PERSONAL: ClassVar[tuple[str, ...]] = ("text",)

    text: Any
    about: str


@pytest.fixture(autouse=True)
def remarks() -> Iterator[None]:
    """A kind of event with a personal field, told under other names than it is stored."""
    catalogue = cast("dict[type[Event], Any]", CATALOGUE)
    catalogue[Remarked] = ("remarked", lambda e: {"words": e.text, "about": e.about})
    yield
    del catalogue[Remarked]


def remark(text: Any = SEALED) -> Recorded:
    return recorded(
        Remarked(originator_id=THREAD, originator_version=1, text=text, about="a slide"), 9, project=PROJECT
    )


def named(event: Recorded, **fields: Any) -> Recorded:
    return replace(
        event, metadata={"actor": {"id": "ada", "kind": "person", **fields}, "correlation_id": "c"}
    )


class Echo:
    """Reveals by saying where a value stood."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def reveal(self, events: Sequence[dict[str, Any]]) -> None:
        self.asked.append(len(events))
        for event in events:
            for holder in (event["actor"], event["data"]):
                holder.update({k: v["of"] for k, v in holder.items() if isinstance(v, dict) and "of" in v})


def test_what_may_be_kept_holds_nothing_personal() -> None:
    event = named(remark(), name=SEALED, email=SEALED)

    shown = public_event(event)

    assert shown["actor"] == {"id": "ada", "kind": "person"}
    assert shown["data"] == {"words": None, "about": "a slide"}


def test_a_sealed_value_comes_with_its_place() -> None:
    event = named(remark(), name=SEALED, email=SEALED)

    shown = public_event(event, sealed=True)

    assert shown["actor"] == {"id": "ada", "kind": "person", "name": {**SEALED, "of": "c\0actor.name"}}
    place = f"{THREAD}\0{event.command_id}\0text"
    assert shown["data"] == {"words": {**SEALED, "of": place}, "about": "a slide"}
    assert event.event == remark().event


def test_who_gave_no_name_has_none() -> None:
    event = recorded(created(PROJECT))
    assert public_event(event, sealed=True) == public_event(event)


async def test_history_is_revealed_in_one_go() -> None:
    echo = Echo()

    public = await told([named(remark(), name=SEALED), recorded(created(PROJECT))], echo)

    assert public[0]["actor"]["name"] == "c\0actor.name"
    assert echo.asked == [2]


async def test_live_events_are_revealed_and_others_left_as_they_are() -> None:
    echo = Echo()
    plain = live_item(recorded(created(PROJECT, 'so "sealed":"x" is quoted'), 1))
    sealed = live_item(named(remark(), name=SEALED))

    items = await revealed([plain, sealed], echo)

    assert items[0] is plain
    assert orjson.loads(items[1].event)["actor"]["name"] == "c\0actor.name"
    assert orjson.loads(items[1].message)["type"] == "event"
    assert items[1].route == sealed.route
    assert echo.asked == [1]
    assert await revealed([plain], echo) == [plain]
    assert echo.asked == [1]
