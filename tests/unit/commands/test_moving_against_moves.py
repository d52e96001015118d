"""Moves that were made when the block stood elsewhere."""

from typing import Any
from uuid import UUID

import pytest

from commands.messages import DeleteBlock, EditBlock, MoveBlock
from domain.block import BlockEditConflicted, BlockMoved
from tests.support.making import moved
from tests.support.scenario import GROUP, HEADING, LAST_SLIDE, PROJECT, SLIDE, TEXT, World


def move(block: UUID = HEADING, **fields: Any) -> MoveBlock:
    return MoveBlock(project_id=PROJECT, block_id=block, **fields)


def order(world: World, parent: UUID) -> list[UUID]:
    return [n.id for n in world.outline().children(parent)]


@pytest.fixture
async def elsewhere(world: World) -> World:
    """Edna has moved the heading to the last slide; it is at version 2."""
    await world.run(move(parent_id=LAST_SLIDE), user="edna")
    return world


async def test_of_two_moves_the_later_stands_and_the_other_is_kept(elsewhere: World) -> None:
    outcome = await elsewhere.run(move(before_id=TEXT, base_version=1))

    stands, conflict = outcome.events
    assert isinstance(stands, BlockMoved)
    assert isinstance(conflict, BlockEditConflicted)
    assert order(elsewhere, SLIDE) == [HEADING, TEXT, GROUP]
    assert (outcome.body["outcome"], conflict.field, conflict.winner) == ("merged", "place", "mine")
    assert conflict.base == {"parent_id": str(SLIDE), "rank": "a2"}
    assert conflict.theirs == {"parent_id": str(LAST_SLIDE), "rank": "a0"}
    assert conflict.mine == {"parent_id": str(SLIDE), "rank": stands.rank}
    assert (conflict.theirs_by, conflict.mine_by) == ("edna", "ada")
    assert [c["id"] for c in outcome.body["conflicts"]] == [f"{HEADING}.4"]


async def test_it_is_refused_where_asked_to(elsewhere: World) -> None:
    outcome = await elsewhere.run(move(before_id=TEXT, base_version=1, on_conflict="reject"))

    assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
    assert outcome.body["current"]["parent_id"] == str(LAST_SLIDE)
    assert [e["event"] for e in outcome.body["events"]] == ["block-moved"]


async def test_the_last_mover_wins_where_asked_to(elsewhere: World) -> None:
    outcome = await elsewhere.run(move(before_id=TEXT, base_version=1, on_conflict="last-write-wins"))

    assert outcome.body["outcome"] == "overwritten"
    assert [type(e) for e in outcome.events] == [BlockMoved]


@pytest.mark.parametrize("on_conflict", ["merge", "reject", "last-write-wins"])
async def test_who_moves_to_the_same_place_changes_nothing(elsewhere: World, on_conflict: str) -> None:
    outcome = await elsewhere.run(move(parent_id=LAST_SLIDE, base_version=1, on_conflict=on_conflict))

    assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])


@pytest.mark.parametrize("on_conflict", ["merge", "reject", "last-write-wins"])
async def test_an_edit_in_between_does_not_concern_a_move(world: World, on_conflict: str) -> None:
    await world.run(EditBlock(project_id=PROJECT, block_id=HEADING, changes={"text": "x"}), user="edna")

    outcome = await world.run(move(before_id=TEXT, base_version=1, on_conflict=on_conflict))

    assert (outcome.body["outcome"], len(outcome.events)) == ("applied", 1)


@pytest.mark.parametrize("on_conflict", ["merge", "reject", "last-write-wins"])
async def test_a_move_in_between_does_not_concern_an_edit(elsewhere: World, on_conflict: str) -> None:
    command = EditBlock(
        project_id=PROJECT, block_id=HEADING, changes={"text": "x"}, base_version=1, on_conflict=on_conflict
    )

    outcome = await elsewhere.run(command)

    assert (outcome.body["outcome"], len(outcome.events)) == ("applied", 1)


async def test_a_shorter_rank_is_no_move(world: World) -> None:
    event = moved(HEADING, 2, "a5", SLIDE)
    await world.given(
        BlockMoved(
            originator_id=HEADING, originator_version=2, parent_id=event.parent_id, rank="a5", rebalanced=True
        )
    )

    outcome = await world.run(move(before_id=TEXT, base_version=1, on_conflict="reject"))

    assert outcome.body["outcome"] == "applied"


async def test_who_was_moved_there_and_back_was_not_moved(elsewhere: World) -> None:
    await elsewhere.given(moved(HEADING, 3, "a2", SLIDE))

    outcome = await elsewhere.run(move(before_id=TEXT, base_version=1, on_conflict="reject"))

    assert outcome.body["outcome"] == "applied"


async def test_a_deleted_block_is_not_moved_and_the_refusal_tells_why(world: World) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=HEADING), user="edna")

    outcome = await world.run(move(before_id=TEXT, base_version=1))

    assert (outcome.code, outcome.body["current"]["deleted"]) == ("version-conflict", True)
    assert [e["event"] for e in outcome.body["events"]] == ["block-deleted"]


async def test_a_second_move_of_a_batch_meets_no_conflict_with_the_first(elsewhere: World) -> None:
    outcome = await elsewhere.run_batch(
        move(before_id=TEXT, base_version=1), move(after_id=TEXT, base_version=1)
    )

    assert [len(r["conflicts"]) for r in outcome.body["results"]] == [1, 0]
    assert order(elsewhere, SLIDE) == [TEXT, HEADING, GROUP]


@pytest.mark.parametrize("on_conflict", ["merge", "last-write-wins"])
async def test_a_machine_does_not_move_what_a_person_moved(elsewhere: World, on_conflict: str) -> None:
    outcome = await elsewhere.run(move(before_id=TEXT, base_version=1, on_conflict=on_conflict), machine=True)

    [conflict] = outcome.events
    assert isinstance(conflict, BlockEditConflicted)
    assert (conflict.winner, conflict.mine["parent_id"]) == ("theirs", str(SLIDE))
    assert order(elsewhere, LAST_SLIDE) == [HEADING]
