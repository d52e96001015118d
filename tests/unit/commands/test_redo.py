"""redo: the caller's last undo is reversed, until the caller changes something."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.messages import (
    AddBlock,
    Command,
    DeleteBlock,
    EditBlock,
    MoveBlock,
    OpenComment,
    Redo,
    RenameProject,
    RestoreProject,
    Undo,
)
from commands.steps import UNDOABLE
from domain.block import BlockEditConflicted
from domain.project import StepRedone, StepUndone
from tests.support.making import archived
from tests.support.past import MeddledLog, changing, shown, text_of
from tests.support.scenario import (
    GROUP,
    HEADING,
    LAST_SLIDE,
    NOWHERE,
    PROJECT,
    SLIDE,
    TEXT,
    Outcome,
    World,
    shared_deck,
)

UNDO, REDO = Undo(project_id=PROJECT), Redo(project_id=PROJECT)


def edit(text: str, block: UUID = TEXT) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes={"text": text})


def assert_nothing(outcome: Outcome) -> None:
    assert (outcome.status, outcome.body["outcome"], outcome.events) == (200, "unchanged", [])


COMMANDS: list[Command] = [
    AddBlock(project_id=PROJECT, type="text", content={"text": "new"}, block_id=NOWHERE, parent_id=SLIDE),
    edit("B"),
    MoveBlock(project_id=PROJECT, block_id=TEXT, parent_id=GROUP),
    DeleteBlock(project_id=PROJECT, block_id=SLIDE),
    RenameProject(project_id=PROJECT, title="B"),
    RestoreProject(project_id=PROJECT, to_position=8),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.NAME)
async def test_what_was_undone_stands_again(world: World, command: Command) -> None:
    key = uuid4()
    did = await world.run(command, key=key)
    after = shown(world)
    await world.run(UNDO)

    outcome = await world.run(REDO)

    assert shown(world) == after
    assert (outcome.body["outcome"], outcome.body["conflicts"]) == ("applied", [])
    marker = outcome.events[-1]
    assert isinstance(marker, StepRedone)
    assert (marker.step, marker.position, marker.author) == (str(key), did.recorded[0].position, "ada")


async def test_undos_and_redos_walk_back_and_forth(world: World) -> None:
    for text in "BC":
        await world.run(edit(text))
    seen = []
    for command in (UNDO, UNDO, REDO, REDO, UNDO, REDO, UNDO, UNDO, REDO):
        await world.run(command)
        seen.append(text_of(world, TEXT))

    assert seen == ["B", "A", "B", "C", "B", "C", "B", "A", "B"]


async def test_nothing_is_left_to_redo(world: World) -> None:
    assert_nothing(await world.run(REDO))
    await world.run(edit("B"))
    assert_nothing(await world.run(REDO))
    await world.run(UNDO)
    await world.run(REDO)
    assert_nothing(await world.run(REDO))


async def test_an_edit_ends_it(world: World) -> None:
    await world.run(edit("B"))
    await world.run(UNDO)
    await world.run(edit("H2", HEADING))

    assert_nothing(await world.run(REDO))


async def test_what_changes_nothing_of_the_deck_does_not_end_it(world: World) -> None:
    await world.run(edit("B"))
    await world.run(UNDO)
    await world.run(OpenComment(project_id=PROJECT, text="Why?"))
    await world.run(edit("H2", HEADING), user="edna")
    await world.run(edit("H3", HEADING), machine=True)

    await world.run(REDO)

    assert text_of(world, TEXT) == "B"


async def test_anothers_undo_is_not_ones_own(world: World) -> None:
    did = await world.run(edit("B"))
    await world.run(Undo(project_id=PROJECT, position=did.recorded[0].position), user="edna")

    assert_nothing(await world.run(REDO))
    await world.run(REDO, user="edna")

    assert text_of(world, TEXT) == "B"


async def test_ones_own_undo_is_redone_after_anothers(world: World) -> None:
    await world.run(edit("B"))
    await world.run(edit("H2", HEADING), user="edna")
    await world.run(UNDO)
    await world.run(UNDO, user="edna")

    await world.run(REDO)

    assert (text_of(world, TEXT), text_of(world, HEADING)) == ("B", "H")


async def test_an_undo_that_another_has_undone_is_not_redone(world: World) -> None:
    for text in "BC":
        await world.run(edit(text))
    await world.run(UNDO)
    last = await world.run(UNDO)
    await world.run(Undo(project_id=PROJECT, position=last.recorded[0].position), user="edna")
    assert text_of(world, TEXT) == "B"

    await world.run(REDO)

    assert text_of(world, TEXT) == "C"


async def test_a_redone_step_can_be_undone_again(world: World) -> None:
    await world.run(edit("B"))
    await world.run(UNDO)
    redone = await world.run(REDO)

    undone = await world.run(Undo(project_id=PROJECT, position=redone.recorded[0].position))

    assert text_of(world, TEXT) == "A"
    assert isinstance(undone.events[-1], StepUndone)
    await world.run(REDO)
    assert text_of(world, TEXT) == "B"


async def test_a_slide_that_was_edited_since_does_not_go_again(world: World) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=SLIDE))
    await world.run(UNDO)
    await world.run(edit("A and theirs"), user="edna")

    outcome = await world.run(REDO)

    assert "theirs" in shown(world).words
    [conflict] = [e for e in outcome.events if isinstance(e, BlockEditConflicted)]
    assert (conflict.originator_id, conflict.field, conflict.theirs_by) == (SLIDE, "deleted", "edna")


async def test_a_block_that_was_edited_since_does_not_go_again(world: World) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))
    await world.run(UNDO)
    await world.run(edit("A and theirs"), user="edna")

    outcome = await world.run(REDO)

    assert text_of(world, TEXT) == "A and theirs"
    assert TEXT in shown(world).ids
    assert outcome.body["outcome"] == "merged"


async def test_an_old_slide_with_all_on_it_goes_again(world: World) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=SLIDE))
    await world.run(UNDO)
    await world.run(edit("H2", HEADING), user="edna")
    await world.run(UNDO, user="edna")

    await world.run(REDO)

    assert shown(world).ids == [LAST_SLIDE]


async def test_a_repeat_redoes_nothing_again(world: World) -> None:
    for text in "BC":
        await world.run(edit(text))
    for _ in range(2):
        await world.run(UNDO)
    first = await world.run(REDO, key=(key := uuid4()))

    again = await world.run(REDO, key=key)

    assert (again.replayed, again.body, text_of(world, TEXT)) == (True, first.body, "B")


async def test_after_changes_in_the_same_batch_it_is_refused(world: World) -> None:
    await world.run(edit("B"))
    await world.run(UNDO)

    outcome = await world.run_batch(edit("H2", HEADING), REDO)

    assert (outcome.status, outcome.fields, outcome.body["index"]) == (422, ["project_id"], 1)


@pytest.mark.parametrize("user", ["carl", "vera"])
async def test_it_needs_an_editor(world: World, user: str) -> None:
    assert (await world.run(REDO, user=user)).status == 403


async def test_an_archived_project_stays_as_it_is(world: World) -> None:
    await world.run(edit("B"))
    await world.run(UNDO)
    await world.given(archived(PROJECT, world.project().version + 1))

    assert (await world.run(REDO)).status == 403


async def test_two_redos_at_once_redo_two_steps() -> None:
    world = World(MeddledLog())
    await world.given(*shared_deck())
    for command in (edit("B"), edit("C"), UNDO, UNDO):
        await world.run(command)
    other = world.process()
    assert isinstance(world.log, MeddledLog)
    world.log.meddling.append(lambda: other.run(REDO))

    await world.run(REDO)

    assert text_of(world, TEXT) == "C"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(changing(), min_size=1, max_size=3), min_size=1, max_size=8), st.data())
async def test_every_undo_of_ones_own_can_be_redone(steps: list[list[Command]], data: st.DataObject) -> None:
    world = World()
    await world.given(*shared_deck())
    states = [shown(world)]
    for step in steps:
        outcome = await (world.run_batch(*step) if len(step) > 1 else world.run(*step))
        if any(isinstance(e, UNDOABLE) for e in outcome.events):
            states.append(shown(world))
    at = len(states) - 1

    for forwards in data.draw(st.lists(st.booleans(), max_size=14)):
        outcome = await world.run(REDO if forwards else UNDO)
        at = max(0, min(at + (1 if forwards else -1), len(states) - 1))
        assert shown(world) == states[at]
        assert not any(isinstance(e, BlockEditConflicted) for e in outcome.events)
