"""What changed between two positions, asked of a running service."""

from typing import Any

import pytest
from running import JSON, Deck, System


@pytest.fixture(scope="module")
async def deck(system: System) -> Deck:
    """A deck of two slides, each with two texts."""
    return await system.person().deck(slides=2, texts=2)


@pytest.fixture(scope="module")
async def told(deck: Deck) -> tuple[Deck, int, int]:
    """The deck, and the positions between which a few things happened."""
    begin = deck.position
    _, first, second, *_ = deck.blocks
    await deck.change("rename-project", title="Plan")
    await deck.change("edit-block", block_id=first, changes={"text": "one two three"})
    await deck.change("edit-block", block_id=first, changes={"text": "one 2 three"})
    await deck.change("move-block", block_id=second, parent_id=deck.blocks[3])
    await deck.change("delete-block", block_id=deck.blocks[4])
    await deck.add("text", {"text": "new"}, deck.blocks[0])
    return deck, begin, deck.position


async def diff(deck: Deck, **query: Any) -> JSON:
    return await deck.owner.see(f"{deck.path}/diff", **query)


async def test_changes_are_told_in_the_order_of_reading(told: tuple[Deck, int, int]) -> None:
    deck, begin, end = told
    answer = await diff(deck, **{"from": begin, "to": end})

    assert (answer["from"], answer["to"], answer["next_cursor"]) == (begin, end, None)
    assert [(c["kind"], c["summary"]) for c in answer["items"]] == [
        ("title-changed", f"The title changed from “A deck of {deck.owner.user}” to “Plan”"),
        ("block-edited", "The text on slide 1 changed from “0.0” to “one 2 three”"),
        ("block-added", "The text “new” on slide 1 was added"),
        ("block-deleted", "The text “1.0” on slide 2 was deleted"),
        ("block-moved", "The text “0.1” on slide 1 moved to slide 2"),
    ]
    edited = answer["items"][1]
    assert edited["fields"] == [
        {
            "field": "text",
            "item": None,
            "before": "0.0",
            "after": "one 2 three",
            "hunks": [{"at": 0, "before": "0.0", "after": "one 2 three"}],
        }
    ]
    assert (edited["block_id"], edited["type"], edited["slide_id"]) == (
        deck.blocks[1],
        "text",
        deck.blocks[0],
    )
    block = await deck.owner.see(f"{deck.path}/blocks/{deck.blocks[1]}", min_position=end)
    assert (edited["by"], edited["at"]) == (block["updated_by"], block["updated_at"])


async def test_a_diff_comes_in_pages_like_every_list(told: tuple[Deck, int, int]) -> None:
    deck, begin, end = told
    everything = (await diff(deck, **{"from": begin, "to": end}))["items"]
    for limit in (1, 2, 5):
        query = {"from": begin, "to": end, "limit": limit}
        assert await deck.owner.all_pages(f"{deck.path}/diff", **query) == everything


async def test_up_to_now_stays_the_now_of_the_first_page(system: System) -> None:
    deck = await system.person().deck(slides=3)
    path = f"{deck.path}/diff"
    first = await deck.owner.see(path, **{"from": 0, "limit": 2})
    assert first["to"] == deck.position
    await deck.change("delete-block", block_id=deck.blocks[2])

    rest = await deck.owner.see(path, **{"from": 0, "limit": 9, "cursor": first["next_cursor"]})

    assert rest["to"] == first["to"]
    assert [c["kind"] for c in first["items"] + rest["items"]] == ["project-created", *["block-added"] * 3]
    assert len((await deck.owner.see(path, **{"from": 0}))["items"]) == 3


async def test_the_other_way_round_is_what_going_back_would_do(told: tuple[Deck, int, int]) -> None:
    deck, begin, end = told
    back = (await diff(deck, **{"from": end, "to": begin}))["items"]
    kinds = ["title-changed", "block-edited", "block-deleted", "block-moved", "block-undeleted"]
    assert [c["kind"] for c in back] == kinds
    assert {c["by"] for c in back} == {None}
    assert (await diff(deck, **{"from": end, "to": end}))["items"] == []


async def test_what_was_is_not_changed_by_what_comes(told: tuple[Deck, int, int]) -> None:
    deck, begin, end = told
    asked = {"from": begin, "to": end}
    answer = await deck.owner.get(f"{deck.path}/diff", **asked)
    assert answer.headers["Cache-Control"] == "private, max-age=300, immutable"
    await deck.change("rename-project", title="Other")
    again = await deck.owner.get(
        f"{deck.path}/diff", headers={"If-None-Match": answer.headers["ETag"]}, **asked
    )
    assert again.status_code == 304
    open_end = await deck.owner.get(f"{deck.path}/diff", **{"from": begin})
    assert open_end.headers["Cache-Control"] == "private, no-cache"
    assert open_end.json()["items"][0]["fields"][0]["after"] == "Other"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "from"),
        ({"from": "x"}, "from"),
        ({"from": "-1"}, "from"),
        ({"from": "1", "to": "x"}, "to"),
        ({"from": "1", "to": ""}, "to"),
        ({"from": "1", "cursor": "x"}, "cursor"),
        ({"from": "1", "limit": "501"}, "limit"),
    ],
)
async def test_wrong_parameters_are_named(deck: Deck, query: dict[str, str], field: str) -> None:
    answer = await deck.owner.get(f"{deck.path}/diff", **query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_cursor_of_other_positions_is_refused(told: tuple[Deck, int, int]) -> None:
    deck, begin, end = told
    cursor = (await diff(deck, **{"from": begin, "to": end, "limit": 1}))["next_cursor"]
    for query in ({"from": begin + 1}, {"from": begin, "to": end - 1}):
        answer = await deck.owner.get(f"{deck.path}/diff", cursor=cursor, **query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_before_the_project_there_is_nothing_to_compare_up_to(deck: Deck) -> None:
    answer = await deck.owner.get(f"{deck.path}/diff", **{"from": 0, "to": 0})
    assert answer.status_code == 404


async def test_ahead_of_the_log_is_waited_for_and_then_refused(deck: Deck) -> None:
    head = await deck.owner.system.table.head()
    for query in ({"from": head + 10**6}, {"from": 0, "to": head + 10**6}):
        answer = await deck.owner.get(f"{deck.path}/diff", **query)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_only_members_are_told(system: System, deck: Deck) -> None:
    answer = await system.person().get(f"{deck.path}/diff", **{"from": 0})
    assert answer.status_code == 404
