"""What a person is told of two states of a deck: read the table from top to bottom.

The deck: slide 1 has the text A, a group with the text "in" and the heading H; slide 2 is empty.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.diff import Change, compare
from domain.diff.fields import changed_fields, hunks
from domain.diff.moves import moved as moved_ones
from domain.documents import Deck
from domain.events import Event
from domain.merge.diff import Work
from domain.project import OwnershipTransferred, ThemeApplied
from tests.support.histories import RandomHistory
from tests.support.making import (
    added,
    archived,
    deleted,
    edited,
    granted,
    in_order,
    moved,
    recorded,
    renamed,
    revoked,
    undeleted,
)
from tests.support.scenario import GROUP, HEADING, IN_GROUP, LAST_SLIDE, PROJECT, SLIDE, TEXT, shared_deck

NEW = UUID("ee2e3a9c-6f0e-4c9b-8f25-3b3f7b0d8a09")
NEWER = UUID("ee2e3a9c-6f0e-4c9b-8f25-3b3f7b0d8a10")


def decks(later: Sequence[Event], first: Sequence[Event] = ()) -> tuple[Deck, Deck]:
    """The shared deck with what happened first, and with what happened later."""
    before = Deck()
    events = in_order([*shared_deck(), *first], project=PROJECT)
    for each in events:
        before.apply(each)
    after = before.copy()
    for i, event in enumerate(later, len(events) + 1):
        after.apply(recorded(event, i, project=PROJECT, by="eve"))
    return before, after


def told(*later: Event, first: Sequence[Event] = ()) -> list[Change]:
    return compare(*decks(later, first))


def lines(changes: Sequence[Change]) -> list[str]:
    return [f"{c.kind}: {c.summary}" for c in changes]


TABLE: list[tuple[str, list[Event], list[str]]] = [
    ("nothing happened", [], []),
    (
        "a new title",
        [renamed(PROJECT, 5, "Plan")],
        ["title-changed: The title changed from “A deck” to “Plan”"],
    ),
    ("a title there and back", [renamed(PROJECT, 5, "Plan"), renamed(PROJECT, 6, "A deck")], []),
    (
        "a theme",
        [ThemeApplied(originator_id=PROJECT, originator_version=5, theme_id="dark")],
        ["theme-changed: Another theme was applied"],
    ),
    ("archived", [archived(PROJECT, 5)], ["project-archived: The project was archived"]),
    (
        "members come, change and go",
        [
            granted(PROJECT, 5, "zoe", "viewer"),
            granted(PROJECT, 6, "carl", "editor"),
            revoked(PROJECT, 7, "vera"),
        ],
        [
            "member-role-changed: carl is editor now, and was commenter",
            "member-removed: vera is no member any more",
            "member-added: zoe became a member, as viewer",
        ],
    ),
    (
        "another owner",
        [OwnershipTransferred(originator_id=PROJECT, originator_version=5, from_user="ada", to_user="edna")],
        [
            "owner-changed: edna became the owner",
            "member-role-changed: ada is editor now, and was owner",
            "member-role-changed: edna is owner now, and was editor",
        ],
    ),
    (
        "a text is edited",
        [edited(TEXT, 2, text="B")],
        ["block-edited: The text on slide 1 changed from “A” to “B”"],
    ),
    ("a text is edited there and back", [edited(TEXT, 2, text="B"), edited(TEXT, 3, text="A")], []),
    (
        "two fields are edited",
        [edited(HEADING, 2, text="Head", level=3)],
        ["block-edited: The heading “Head” on slide 1 was edited: text, level"],
    ),
    (
        "a slide gets a title",
        [edited(SLIDE, 2, title="Plan")],
        ["block-edited: The title of slide 1 became “Plan”"],
    ),
    (
        "a long text is not told in full",
        [edited(TEXT, 2, text="word " * 50)],
        [
            "block-edited: The text “word word word word word word word word word word word word…” on slide 1 was edited: text"
        ],
    ),
    (
        "a slide with a text is added between",
        [
            added(NEW, PROJECT, "slide", rank="a0V", content={"title": "New"}),
            added(NEWER, PROJECT, "text", parent=NEW, content={"text": "Hello **you**"}),
        ],
        ["block-added: Slide 2 “New” was added", "block-added: The text “Hello you” on slide 2 was added"],
    ),
    ("what was added and deleted again", [added(NEW, PROJECT, "slide", rank="a7"), deleted(NEW, 2)], []),
    ("a text is deleted", [deleted(TEXT, 2)], ["block-deleted: The text “A” on slide 1 was deleted"]),
    (
        "a group is deleted with what is in it",
        [deleted(GROUP, 2)],
        ["block-deleted: The group on slide 1 was deleted, with 1 block on it"],
    ),
    (
        "a slide is deleted with all on it, one of them before",
        [deleted(TEXT, 2), deleted(SLIDE, 2)],
        ["block-deleted: Slide 1 was deleted, with 4 blocks on it"],
    ),
    (
        "a slide moves to the front",
        [moved(LAST_SLIDE, 2, "Zz")],
        ["block-moved: Slide 2 moved to place 1"],
    ),
    (
        "a heading moves up",
        [moved(HEADING, 2, "Zz", SLIDE)],
        ["block-moved: The heading “H” on slide 1 moved up"],
    ),
    (
        "a text moves down past a heading",
        [moved(TEXT, 2, "a5", SLIDE)],
        ["block-moved: The text “A” on slide 1 moved down"],
    ),
    (
        "a text moves to another slide and is edited there",
        [moved(TEXT, 2, "a0", LAST_SLIDE), edited(TEXT, 3, text="B")],
        [
            "block-moved: The text “A” on slide 1 moved to slide 2",
            "block-edited: The text on slide 2 changed from “A” to “B”",
        ],
    ),
    (
        "a text moves into a group, another out of it",
        [moved(TEXT, 2, "a5", GROUP), moved(IN_GROUP, 2, "a9", SLIDE)],
        [
            "block-moved: The text “A” on slide 1 moved into a group",
            "block-moved: The text “in” on slide 1 moved out of a group",
        ],
    ),
    (
        "new ranks in the same order are no moves",
        [moved(TEXT, 2, "b1", SLIDE), moved(GROUP, 2, "b2", SLIDE), moved(HEADING, 2, "b3", SLIDE)],
        [],
    ),
    (
        "a move with new ranks for all is told once",
        [moved(HEADING, 2, "b0", SLIDE), moved(TEXT, 2, "b1", SLIDE), moved(GROUP, 2, "b2", SLIDE)],
        ["block-moved: The heading “H” on slide 1 moved up"],
    ),
    (
        "a slide moves with what is on it",
        [moved(SLIDE, 2, "a5")],
        ["block-moved: Slide 1 moved to place 2"],
    ),
    (
        "all at once comes in the order of reading",
        [
            deleted(GROUP, 2),
            edited(HEADING, 2, text="Head"),
            edited(LAST_SLIDE, 2, title="End"),
            renamed(PROJECT, 5, "Plan"),
            added(NEW, PROJECT, "text", parent=SLIDE, rank="Zz", content={"text": "First"}),
        ],
        [
            "title-changed: The title changed from “A deck” to “Plan”",
            "block-added: The text “First” on slide 1 was added",
            "block-deleted: The group on slide 1 was deleted, with 1 block on it",
            "block-edited: The heading on slide 1 changed from “H” to “Head”",
            "block-edited: The title of slide 2 became “End”",
        ],
    ),
]


@pytest.mark.parametrize(("what", "later", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_person_is_told(what: str, later: list[Event], expected: list[str]) -> None:
    assert lines(told(*later)) == expected, what


def test_what_comes_back_is_told_once_and_also_what_was_edited_meanwhile() -> None:
    gone = [deleted(SLIDE, 2)]
    assert lines(told(undeleted(SLIDE, 3), first=gone)) == [
        "block-undeleted: Slide 1 was brought back, with 4 blocks on it"
    ]
    assert lines(told(edited(TEXT, 2, text="B"), undeleted(SLIDE, 3), first=gone)) == [
        "block-undeleted: Slide 1 was brought back, with 4 blocks on it",
        "block-edited: The text on slide 1 changed from “A” to “B”",
    ]
    assert lines(told(undeleted(TEXT, 3), first=[deleted(TEXT, 2)])) == [
        "block-undeleted: The text “A” on slide 1 was brought back"
    ]


def test_who_and_when_is_that_of_the_last_touch() -> None:
    change = told(edited(TEXT, 2, text="B"))[0]
    assert (change.block_id, change.type, change.slide_id, change.by) == (TEXT, "text", SLIDE, "eve")
    assert change.at is not None
    assert change.at.isoformat() == "2026-01-31T12:00:11+00:00"
    assert [(f.field, f.before, f.after) for f in change.fields] == [("text", "A", "B")]
    gone = told(deleted(SLIDE, 2))[0]
    assert (gone.block_id, gone.slide_id, gone.by) == (SLIDE, SLIDE, "eve")
    new = told(added(NEW, PROJECT, "slide", rank="a7"), edited(NEW, 2, title="X"))[0]
    assert (new.kind, new.by) == ("block-added", "eve")


def test_a_move_says_from_where_to_where() -> None:
    change = told(moved(TEXT, 2, "a0", LAST_SLIDE))[0]
    assert [(f.field, f.before, f.after) for f in change.fields] == [
        ("place", {"parent_id": str(SLIDE), "index": 1}, {"parent_id": str(LAST_SLIDE), "index": 1})
    ]


def test_since_the_beginning_all_is_new() -> None:
    _, deck = decks([])
    assert lines(compare(Deck(), deck))[:3] == [
        "project-created: The project “A deck” was created",
        "block-added: Slide 1 was added",
        "block-added: The text “A” on slide 1 was added",
    ]
    assert compare(Deck(), Deck()) == []


def test_backwards_is_told_what_going_back_would_do_and_by_nobody() -> None:
    before, after = decks(
        [edited(TEXT, 2, text="B"), added(NEW, PROJECT, "slide", rank="a7"), deleted(HEADING, 2)]
    )
    changes = compare(after, before)
    assert lines(changes) == [
        "block-edited: The text on slide 1 changed from “B” to “A”",
        "block-undeleted: The heading “H” on slide 1 was brought back",
        "block-deleted: Slide 3 was deleted",
    ]
    assert {(c.by, c.at) for c in changes} == {(None, None)}


def test_lists_are_told_entry_by_entry() -> None:
    before = {"items": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "c", "text": "C"}]}
    after = {"items": [{"id": "c", "text": "C"}, {"id": "a", "text": "A!"}, {"id": "d", "text": "D"}]}

    found = [(f.field, f.item, f.before, f.after) for f in changed_fields(before, after)]

    assert found == [
        ("items", "a", {"id": "a", "text": "A"}, {"id": "a", "text": "A!"}),
        ("items", "d", None, {"id": "d", "text": "D"}),
        ("items", "b", {"id": "b", "text": "B"}, None),
        ("items", None, ["a", "b", "c"], ["c", "a", "d"]),
    ]
    assert changed_fields({"categories": ["x"]}, {"categories": ["x", "y"]})[0].after == ["x", "y"]


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {"text": ""}), ({"background": None}, {}), ({"items": []}, {}), ({"n": 1}, {"n": 1})],
)
def test_what_was_left_out_is_no_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert changed_fields(before, after) == []


def test_texts_are_told_word_by_word() -> None:
    assert hunks("one two three four", "one 2 three four five", Work()) == [
        {"at": 4, "before": "two ", "after": "2 "},
        {"at": 18, "before": "", "after": "five"},
    ]
    assert hunks(None, "x", Work()) is None
    assert hunks("a b", "c b", Work(0)) in (None, [{"at": 0, "before": "a ", "after": "c "}])


orders = st.integers(0, 9).flatmap(lambda n: st.tuples(st.permutations(range(n)), st.permutations(range(n))))


@given(orders, st.sets(st.integers(0, 9)))
def test_as_few_as_possible_are_moved(both: tuple[list[int], list[int]], fixed: set[int]) -> None:
    before, after = [[UUID(int=i) for i in order] for order in both]
    found = moved_ones(before, after, {i: i.int in fixed for i in before})

    assert [i for i in before if i not in found] == [i for i in after if i not in found]
    # The longest common subsequence, told slowly.
    table = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, x in enumerate(before):
        for j, y in enumerate(after):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    assert len(before) - len(found) == table[-1][-1]


def test_of_two_that_changed_places_the_one_with_another_rank_moved() -> None:
    one, other = uuid4(), uuid4()
    for mover, stayer in ((one, other), (other, one)):
        assert moved_ones([one, other], [other, one], {mover: False, stayer: True}) == {mover}


@given(st.integers(0, 10**6), st.integers(2, 80), st.integers(1, 60))
def test_each_shown_block_that_differs_is_told_of(seed: int, count: int, more: int) -> None:
    """Nothing is told of equal decks, and whatever reads differently is told of, both ways."""
    history = RandomHistory(seed)
    deck = Deck()
    before = deck
    for i, each in enumerate(in_order(history.events(count + more), project=history.project), 1):
        deck.apply(each)
        if i == count:
            before = deck.copy()
    assert compare(deck, deck.copy()) == []
    for old, new in ((before, deck), (deck, before)):
        changes = compare(old, new)
        touched = {c.block_id for c in changes}
        was, now = ({b.block_id: b for b in d.shown()} for d in (old, new))
        for block_id, block in now.items():
            same = was.get(block_id)
            if same and (same.parent_id != block.parent_id or changed_fields(same.content, block.content)):
                assert block_id in touched
            if same is None and block_id not in old.blocks:
                assert block_id in touched
        for block_id in was.keys() - now.keys():
            chain = [was[block_id]]
            while (parent := chain[-1].parent_id) is not None:
                chain.append(was[parent])
            assert touched & {b.block_id for b in chain}
        if not changes:
            assert list(was) == list(now)
