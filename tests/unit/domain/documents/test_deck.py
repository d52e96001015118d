"""A deck is the fold of a project's events, at any of them."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.block import BlockEditSuggested
from domain.documents import Deck
from domain.events import Event, Recorded
from domain.outline import Outline
from tests.support.histories import RandomHistory
from tests.support.making import added, created, deleted, edited, in_order, moved, renamed, undeleted
from tests.support.scenario import GROUP, HEADING, IN_GROUP, LAST_SLIDE, PROJECT, SLIDE, TEXT, shared_deck


def deck_of(*events: Event) -> Deck:
    return folded(in_order(events, project=PROJECT))


def folded(events: list[Recorded]) -> Deck:
    deck = Deck()
    for recorded in events:
        deck.apply(recorded)
    return deck


def shown(deck: Deck) -> list[UUID]:
    return [b.block_id for b in deck.shown()]


def test_a_deck_without_events_shows_nothing() -> None:
    deck = Deck()

    assert (deck.project, deck.blocks, deck.position, deck.shown()) == (None, {}, 0, [])


def test_a_deck_is_shown_in_the_order_of_reading() -> None:
    assert shown(deck_of(*shared_deck())) == [SLIDE, TEXT, GROUP, IN_GROUP, HEADING, LAST_SLIDE]


def test_siblings_of_one_rank_go_by_their_ids() -> None:
    low, high = sorted([uuid4(), uuid4()])
    for first, second in ((low, high), (high, low)):
        deck = deck_of(created(PROJECT), added(first, PROJECT, "slide"), added(second, PROJECT, "slide"))
        assert shown(deck) == [low, high]


def test_what_is_deleted_is_not_shown_nor_what_is_below_it() -> None:
    deck = deck_of(*shared_deck(), deleted(GROUP, 2))
    assert shown(deck) == [SLIDE, TEXT, HEADING, LAST_SLIDE]
    assert deck.blocks[GROUP].deleted
    assert not deck.blocks[IN_GROUP].deleted

    assert shown(deck_of(*shared_deck(), deleted(SLIDE, 2))) == [LAST_SLIDE]
    assert IN_GROUP in shown(deck_of(*shared_deck(), deleted(GROUP, 2), undeleted(GROUP, 3)))


def test_a_move_takes_along_what_is_below() -> None:
    deck = deck_of(*shared_deck(), moved(GROUP, 2, "a0", LAST_SLIDE))

    assert shown(deck) == [SLIDE, TEXT, HEADING, LAST_SLIDE, GROUP, IN_GROUP]


def test_a_copy_does_not_change_with_what_it_is_a_copy_of() -> None:
    deck = deck_of(*shared_deck())
    twin = deck.copy()
    before = deck.dump()
    assert twin.dump() == before

    for later in in_order([edited(TEXT, 2, text="B"), renamed(PROJECT, 5, "B")], project=PROJECT):
        twin.apply(later)

    assert deck.dump() == before
    assert (twin.blocks[TEXT].content, twin.project.title if twin.project else None) == ({"text": "B"}, "B")


def test_a_deck_that_was_written_down_is_the_same_again() -> None:
    copied = added(uuid4(), PROJECT, "slide", rank="a7")
    object.__setattr__(copied, "origin_block_id", str(TEXT))
    for events in (
        [],
        [created(PROJECT)],
        [*shared_deck(), deleted(GROUP, 2), edited(TEXT, 2, text="ä"), copied],
    ):
        deck = deck_of(*events)
        again = Deck.load(orjson.loads(orjson.dumps(deck.dump())))
        assert (again.project, again.blocks, again.position) == (deck.project, deck.blocks, deck.position)


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    state: dict[str, Any] = orjson.loads(orjson.dumps(deck_of(*shared_deck()).dump()))
    change(state)
    return state


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update(schema=0),
        lambda s: s.pop("schema"),
        lambda s: s.pop("blocks"),
        lambda s: s.pop("position"),
        lambda s: s["project"].pop("title"),
        lambda s: s["project"].update(surprise=1),
        lambda s: s["project"].update(created_at="yesterday"),
        lambda s: s["blocks"][0].pop(),
        lambda s: s["blocks"][0].append(1),
        lambda s: s["blocks"].append(7),
        lambda s: s["blocks"][0].__setitem__(1, "no id"),
        lambda s: s["blocks"][0].__setitem__(8, None),
    ],
)
def test_what_was_written_otherwise_or_is_broken_is_refused(
    change: Callable[[dict[str, Any]], object],
) -> None:
    with pytest.raises(ValueError, match=r"."):
        Deck.load(broken(change))


def test_a_deck_can_be_taken_at_every_event_of_its_history() -> None:
    events = in_order([*shared_deck(), edited(TEXT, 2, text="B"), deleted(SLIDE, 2)], project=PROJECT)
    running = Deck()
    for i, recorded in enumerate(events, 1):
        running.apply(recorded)
        assert running.position == recorded.position
        assert running.dump() == folded(events[:i]).dump()


def test_events_that_only_keep_a_mark_leave_who_changed_the_block_last() -> None:
    events = in_order(shared_deck(), project=PROJECT)
    deck = folded(events)
    before = deck.blocks[TEXT]
    mark = BlockEditSuggested(
        originator_id=TEXT, originator_version=2, changes={"text": "B"}, base_version=1, reason="shorter"
    )
    machine = {"actor": {"id": "robot", "kind": "machine"}}
    deck.apply(Recorded(99, mark, PROJECT, uuid4(), events[-1].recorded_at, machine))

    after = deck.blocks[TEXT]
    assert (after.version, after.position) == (2, 99)
    assert (after.updated_by, after.updated_at, after.content) == (
        before.updated_by,
        before.updated_at,
        before.content,
    )
    assert deck.blocks[HEADING].position != 99


@given(st.integers(0, 10**6), st.integers(1, 120))
def test_a_deck_shows_what_the_outline_of_the_same_events_shows(seed: int, count: int) -> None:
    history = RandomHistory(seed)
    deck, outline = Deck(), Outline()
    for recorded in in_order(history.events(count), project=history.project):
        deck.apply(recorded)
        outline.apply(recorded.event)

    def below(parent: UUID | None) -> Iterator[UUID]:
        for node in outline.children(parent):
            if outline.shown(node):
                yield node.id
                yield from below(node.id)

    assert [b.block_id for b in deck.shown()] == list(below(None))
    again = Deck.load(orjson.loads(orjson.dumps(deck.dump())))
    assert (again.project, again.blocks, again.position) == (deck.project, deck.blocks, deck.position)
