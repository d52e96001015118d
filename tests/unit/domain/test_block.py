from uuid import UUID

import pytest

from domain.block import Block, BlockEvent
from tests.support.making import added, deleted, edited, moved, undeleted

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01")
GROUP = UUID("5a7e9a54-1f6f-4f0f-8d11-0d3c1c1e6f0e")
ID = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
ADDED = added(ID, PROJECT, "heading", parent=SLIDE, rank="a1", content={"text": "A", "level": 2})


def given(*events: BlockEvent) -> Block:
    state: Block | None = None
    for event in events:
        state = Block.evolve(state, event)
    assert state is not None
    return state


def test_a_block_begins_where_and_as_it_was_added() -> None:
    assert given(ADDED) == Block(ID, PROJECT, 1, "heading", SLIDE, "a1", {"text": "A", "level": 2})


def test_a_slide_has_no_parent() -> None:
    assert given(added(SLIDE, PROJECT, "slide")).parent_id is None


def test_every_event_moves_the_version_and_changes_what_it_says() -> None:
    block = given(ADDED, edited(ID, 2, text="B"))
    assert block == Block(ID, PROJECT, 2, "heading", SLIDE, "a1", {"text": "B", "level": 2})
    block = Block.evolve(block, moved(ID, 3, "a7", GROUP))
    assert block == Block(ID, PROJECT, 3, "heading", GROUP, "a7", {"text": "B", "level": 2})
    block = Block.evolve(block, deleted(ID, 4))
    assert block == Block(ID, PROJECT, 4, "heading", GROUP, "a7", {"text": "B", "level": 2}, deleted=True)
    block = Block.evolve(block, undeleted(ID, 5))
    assert block == Block(ID, PROJECT, 5, "heading", GROUP, "a7", {"text": "B", "level": 2})


def test_a_move_can_take_a_block_to_the_top() -> None:
    slide = given(added(SLIDE, PROJECT, "slide"), moved(SLIDE, 2, "a3"))

    assert (slide.parent_id, slide.rank) == (None, "a3")


def test_evolving_leaves_the_state_and_the_event_as_they_were() -> None:
    start = given(ADDED)

    Block.evolve(start, edited(ID, 2, text="B"))

    assert start.content == ADDED.content == {"text": "A", "level": 2}


def test_an_event_that_says_nothing_of_the_state_still_moves_the_version() -> None:
    block = Block.evolve(given(ADDED), BlockEvent(originator_id=ID, originator_version=2))

    assert block == Block(ID, PROJECT, 2, "heading", SLIDE, "a1", {"text": "A", "level": 2})


def test_a_stream_begins_with_the_blocks_addition() -> None:
    with pytest.raises(ValueError, match=r"decklog\.block\.edited"):
        Block.evolve(None, edited(ID, 1, text="B"))


def test_an_edit_records_only_the_fields_that_change() -> None:
    block = given(ADDED)

    assert block.edited({"text": "B", "level": 2}) == [edited(ID, 2, text="B")]
    assert block.edited({"text": "B", "level": 3}) == [edited(ID, 2, text="B", level=3)]
    assert block.edited({"text": "A", "level": 2}) == []


def test_a_field_that_is_set_to_null_is_a_change() -> None:
    slide = given(added(SLIDE, PROJECT, "slide", content={"background": "#fff"}))

    assert slide.edited({"background": None}) == [edited(SLIDE, 2, background=None)]


def test_move() -> None:
    block = given(ADDED)

    assert block.moved(GROUP, "a4") == [moved(ID, 2, "a4", GROUP)]
    assert block.moved(SLIDE, "a4") == [moved(ID, 2, "a4", SLIDE)]
    assert block.moved(GROUP, "a1") == [moved(ID, 2, "a1", GROUP)]
    assert block.moved(SLIDE, "a1") == []
    assert given(added(SLIDE, PROJECT, "slide")).moved(None, "a4") == [moved(SLIDE, 2, "a4")]


def test_delete_and_undelete() -> None:
    block, gone = given(ADDED), given(ADDED, deleted(ID, 2))

    assert block.delete() == [deleted(ID, 2)]
    assert block.undelete() == []
    assert gone.delete() == []
    assert gone.undelete() == [undeleted(ID, 3)]


def test_what_a_client_rebases_on_is_the_whole_block() -> None:
    assert given(ADDED, deleted(ID, 2)).document() == {
        "id": str(ID),
        "project_id": str(PROJECT),
        "parent_id": str(SLIDE),
        "type": "heading",
        "rank": "a1",
        "content": {"text": "A", "level": 2},
        "version": 2,
        "deleted": True,
    }
    assert given(added(SLIDE, PROJECT, "slide")).document()["parent_id"] is None
