"""Several processes over one log: what each has cached may be behind, what it answers may not."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from commands.messages import (
    AddBlock,
    ArchiveProject,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    GrantAccess,
    MoveBlock,
    RenameProject,
    ResolveConflict,
    RevokeAccess,
    UnarchiveProject,
    UndeleteBlock,
)
from commands.ports import Append, AppendOutcome, Mismatch, StructureChanged
from commands.repository import RIGHTS_MAX_AGE
from domain.block import BlockConflictResolved, BlockEditConflicted
from domain.errors import Unavailable
from tests.support.making import deleted, edited, renamed, undeleted
from tests.support.memory_log import InMemoryEventLog
from tests.support.scenario import GROUP, HEADING, LAST_SLIDE, PROJECT, SLIDE, TEXT, Process, World


def edit(text: str, block: UUID = TEXT, **fields: object) -> EditBlock:
    return EditBlock.model_validate(
        {"project_id": PROJECT, "block_id": block, "changes": {"text": text}, **fields}
    )


@pytest.fixture
async def stale(world: World) -> Process:
    """A process that has cached all of the deck, and will not look again by itself for a while."""
    process = world.process()
    await process.read_all()
    return process


async def test_an_edit_decided_on_a_stale_block_is_decided_again(world: World, stale: Process) -> None:
    await world.run(edit("B", HEADING))

    outcome = await stale.run(EditBlock(project_id=PROJECT, block_id=HEADING, changes={"level": 3}))

    assert outcome.events == [edited(HEADING, 3, level=3)]
    assert outcome.body["streams"][0]["version"] == 3
    assert world.log.outcomes[-2] == Mismatch(HEADING, 2)
    assert world.block(HEADING).content == {"text": "B", "level": 3}


async def test_what_changes_nothing_on_a_stale_block_may_change_it_now(world: World, stale: Process) -> None:
    await world.run(edit("B"))

    outcome = await stale.run(edit("A"))

    assert (outcome.body["outcome"], outcome.events) == ("applied", [edited(TEXT, 3, text="A")])


async def test_what_changes_a_stale_block_may_change_nothing_now(world: World, stale: Process) -> None:
    await world.run(edit("B"))

    outcome = await stale.run(edit("B"))

    assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])
    assert outcome.body["streams"] == [{"id": str(TEXT), "kind": "block", "version": 2}]
    assert outcome.body["position"] == 11


async def test_a_version_that_another_process_made_is_not_from_the_future(
    world: World, stale: Process
) -> None:
    await world.run(edit("B"))

    outcome = await stale.run(edit("C", base_version=2, on_conflict="reject"))

    assert outcome.events == [edited(TEXT, 3, text="C")]


async def test_a_conflict_tells_the_block_as_it_is_and_not_as_it_was_cached(
    world: World, stale: Process
) -> None:
    for text in ("B", "C", "D"):
        await world.run(edit(text))
    await stale.run(edit("D", base_version=4))
    await world.run(edit("E"))

    outcome = await stale.run(edit("mine", base_version=2, on_conflict="reject"))

    assert outcome.code == "version-conflict"
    assert (outcome.body["current"]["version"], outcome.body["current"]["content"]) == (5, {"text": "E"})
    assert [e["stream"]["version"] for e in outcome.body["events"]] == [3, 4, 5]


async def test_an_edit_on_a_stale_base_is_refused_though_the_cache_is_at_that_base(
    world: World, stale: Process
) -> None:
    await world.run(edit("B"))

    outcome = await stale.run(edit("C", base_version=1, on_conflict="reject"))

    assert (outcome.code, outcome.events) == ("version-conflict", [])
    assert outcome.body["current"]["version"] == 2


async def test_overwriting_is_told_though_the_cache_is_at_the_base(world: World, stale: Process) -> None:
    await world.run(edit("B"))

    outcome = await stale.run(edit("C", base_version=1, on_conflict="last-write-wins"))

    assert (outcome.body["outcome"], outcome.events) == ("overwritten", [edited(TEXT, 3, text="C")])


async def test_a_block_that_another_has_deleted_is_not_edited(world: World, stale: Process) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

    outcome = await stale.run(edit("B", on_conflict="reject"))

    assert (outcome.code, outcome.events) == ("version-conflict", [])
    assert outcome.body["current"]["deleted"]


async def test_the_draft_for_a_block_that_another_has_deleted_is_kept(world: World, stale: Process) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

    outcome = await stale.run(edit("B"))

    [event] = outcome.events
    assert isinstance(event, BlockEditConflicted)
    assert (event.originator_version, event.theirs_by, event.mine) == (3, "edna", {"text": "B"})
    assert world.block(TEXT).deleted


async def test_a_block_that_another_has_deleted_comes_back_where_asked_to(
    world: World, stale: Process
) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

    outcome = await stale.run(edit("B", on_conflict="last-write-wins"))

    assert outcome.events == [undeleted(TEXT, 3), edited(TEXT, 4, text="B")]
    assert outcome.body["outcome"] == "overwritten"


async def test_an_edit_is_merged_with_what_another_process_wrote(world: World, stale: Process) -> None:
    await world.run(edit("one two three"), user="edna")
    await stale.run(edit("one two three"))
    await world.run(edit("one two THREE"), user="edna")

    outcome = await stale.run(edit("ONE two three", base_version=2))
    clashing = await stale.run(edit("one two drei", base_version=2))

    assert outcome.body["outcome"] == "merged"
    assert outcome.events == [edited(TEXT, 4, text="ONE two THREE")]
    assert clashing.events[0] == edited(TEXT, 5, text="ONE two drei")
    [conflict] = clashing.body["conflicts"]
    assert (conflict["theirs"], conflict["mine"]) == ("ONE two THREE", "one two drei")
    assert conflict["actors"] == {"theirs": "edna", "mine": "ada"}


async def test_a_conflict_that_another_process_settled_is_settled(world: World, stale: Process) -> None:
    await world.run(edit("B"), user="edna")
    conflicted = await world.run(edit("C", base_version=1))
    conflict = conflicted.body["conflicts"][0]["id"]
    await stale.run(edit("C"))
    settle = ResolveConflict(project_id=PROJECT, conflict_id=conflict, choice="theirs")
    await world.run(settle)

    other = await stale.run(settle.model_copy(update={"choice": "mine"}))
    same = await stale.run(settle)

    assert (other.code, other.events, other.body["current"]["version"]) == ("version-conflict", [], 6)
    assert (same.body["outcome"], same.body["streams"][0]["version"]) == ("unchanged", 6)


async def test_a_conflict_that_another_process_met_can_be_settled(world: World, stale: Process) -> None:
    await world.run(edit("B"), user="edna")
    conflicted = await world.run(edit("C", base_version=1))
    conflict = conflicted.body["conflicts"][0]["id"]

    outcome = await stale.run(ResolveConflict(project_id=PROJECT, conflict_id=conflict, choice="theirs"))

    assert [type(e).__name__ for e in outcome.events] == ["BlockEdited", "BlockConflictResolved"]
    assert world.block(TEXT).content == {"text": "B"}


async def test_of_two_that_settle_a_conflict_at_once_one_does(world: World) -> None:
    await world.run(edit("B"), user="edna")
    conflicted = await world.run(edit("C", base_version=1))
    conflict = conflicted.body["conflicts"][0]["id"]
    processes = [world.process(), world.process()]
    for process in processes:
        await process.read_all()

    outcomes = await asyncio.gather(
        *(
            process.run(ResolveConflict(project_id=PROJECT, conflict_id=conflict, choice=choice))
            for process, choice in zip(processes, ("mine", "theirs"), strict=True)
        )
    )

    assert sorted(o.status for o in outcomes) == [200, 409]
    assert sum(isinstance(r.event, BlockConflictResolved) for r in world.log.events) == 1


async def test_a_block_that_another_has_brought_back_is_edited(world: World, stale: Process) -> None:
    await stale.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))
    await world.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT))

    assert (await stale.run(edit("B"))).events == [edited(TEXT, 4, text="B")]


async def test_deleting_what_another_has_deleted_changes_nothing(world: World, stale: Process) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

    outcome = await stale.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

    assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])


async def test_deleting_what_another_has_brought_back_deletes_it(world: World, stale: Process) -> None:
    await stale.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))
    await world.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT))

    assert (await stale.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))).events == [deleted(TEXT, 4)]


async def test_undeleting_what_another_has_deleted_brings_it_back(world: World, stale: Process) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

    assert (await stale.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT))).events == [undeleted(TEXT, 3)]


@pytest.mark.parametrize(
    "place",
    [{}, {"after_id": HEADING}, {"before_id": TEXT}, {"after_id": TEXT, "before_id": HEADING}],
    ids=["to the end", "after", "before", "between"],
)
async def test_a_block_that_another_has_deleted_is_not_moved(
    world: World, stale: Process, place: dict[str, UUID]
) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=GROUP))

    outcome = await stale.run(MoveBlock(project_id=PROJECT, block_id=GROUP, **place))

    assert (outcome.code, outcome.events) == ("version-conflict", [])


async def test_a_move_to_the_end_is_to_the_end_of_where_the_block_is_now(
    world: World, stale: Process
) -> None:
    await world.run(MoveBlock(project_id=PROJECT, block_id=TEXT, parent_id=GROUP))
    await world.run(AddBlock(project_id=PROJECT, type="text", parent_id=GROUP))

    outcome = await stale.run(MoveBlock(project_id=PROJECT, block_id=TEXT))

    assert outcome.body["outcome"] == "applied"
    assert world.outline().children(GROUP)[-1].id == TEXT


async def test_a_move_goes_by_the_neighbours_as_they_are_now(world: World, stale: Process) -> None:
    await world.run(MoveBlock(project_id=PROJECT, block_id=HEADING, before_id=TEXT))

    outcome = await stale.run(MoveBlock(project_id=PROJECT, block_id=GROUP, after_id=TEXT))
    there = await stale.run(MoveBlock(project_id=PROJECT, block_id=GROUP, after_id=HEADING))

    assert outcome.body["outcome"] == "unchanged"
    assert there.body["outcome"] == "applied"
    assert [n.id for n in world.outline().children(SLIDE)] == [HEADING, GROUP, TEXT]


async def test_a_slide_that_another_has_deleted_takes_no_blocks(world: World, stale: Process) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=SLIDE))

    outcome = await stale.run(AddBlock(project_id=PROJECT, type="text", parent_id=SLIDE))

    assert (outcome.code, outcome.fields) == ("validation", ["parent_id"])


async def test_renaming_goes_by_the_title_as_it_is_now(world: World, stale: Process) -> None:
    await world.run(RenameProject(project_id=PROJECT, title="B"))

    back = await stale.run(RenameProject(project_id=PROJECT, title="A deck"))

    assert back.events == [renamed(PROJECT, 6, "A deck")]


async def test_a_right_that_was_given_is_there_at_once(world: World, stale: Process) -> None:
    await world.run(GrantAccess(project_id=PROJECT, user="grace", role="editor"))
    await world.run(GrantAccess(project_id=PROJECT, user="vera", role="editor"))

    assert (await stale.run(edit("B"), user="grace")).status == 200
    assert (await stale.run(edit("C"), user="vera")).status == 200


async def test_a_right_that_was_taken_is_gone_within_the_bound(world: World, stale: Process) -> None:
    await world.run(RevokeAccess(project_id=PROJECT, user="edna"))
    world.clock.now += RIGHTS_MAX_AGE + 0.001

    outcome = await stale.run(edit("B"), user="edna")

    assert RIGHTS_MAX_AGE < 1
    assert (outcome.code, outcome.events) == ("not-found", [])


async def test_within_the_bound_the_log_is_not_asked_for_rights(world: World, stale: Process) -> None:
    world.clock.now += RIGHTS_MAX_AGE
    reads: list[UUID] = []
    world.log.on_read = reads.append

    assert (await stale.run(edit("B"), user="edna")).status == 200
    assert PROJECT not in reads
    world.clock.now += 0.001
    assert (await stale.run(edit("C"), user="edna")).status == 200
    assert PROJECT in reads


async def test_a_right_that_was_taken_is_not_refreshed_by_other_commands(
    world: World, stale: Process
) -> None:
    """Edits of blocks keep no rights alive: each of them is within the bound, together they are not."""
    await world.run(RevokeAccess(project_id=PROJECT, user="edna"))

    statuses = []
    for i in range(4):
        statuses.append((await stale.run(edit(f"B{i}"), user="ada")).status)
        world.clock.now += RIGHTS_MAX_AGE / 2.5

    assert statuses == [200] * 4
    assert (await stale.run(edit("mine"), user="edna")).code == "not-found"


async def test_a_project_that_another_has_unarchived_can_be_edited(world: World, stale: Process) -> None:
    await stale.run(ArchiveProject(project_id=PROJECT))
    await world.run(UnarchiveProject(project_id=PROJECT))

    assert (await stale.run(edit("B"))).status == 200


async def test_a_chosen_id_that_another_took_meanwhile_is_taken(world: World, stale: Process) -> None:
    chosen = uuid4()
    await world.run(AddBlock(project_id=PROJECT, type="slide", block_id=chosen))

    outcome = await stale.run(AddBlock(project_id=PROJECT, type="slide", block_id=chosen))

    assert (outcome.code, outcome.events) == ("already-exists", [])


async def test_concurrent_additions_at_one_place_all_get_a_place_of_their_own(world: World) -> None:
    processes = [world.process() for _ in range(4)]

    outcomes = await asyncio.gather(
        *(
            p.run(AddBlock(project_id=PROJECT, type="text", parent_id=LAST_SLIDE))
            for p in processes
            for _ in range(5)
        )
    )

    assert {o.status for o in outcomes} == {201}
    nodes = world.outline().children(LAST_SLIDE)
    assert len({n.rank for n in nodes}) == len(nodes) == 20
    assert StructureChanged() in world.log.outcomes


async def test_concurrent_edits_are_all_applied_one_after_another(world: World) -> None:
    processes = [world.process() for _ in range(4)]

    outcomes = await asyncio.gather(
        *(p.run(edit(f"{i}.{k}")) for i, p in enumerate(processes) for k in range(5))
    )

    assert sorted(o.body["streams"][0]["version"] for o in outcomes) == list(range(2, 22))
    assert len(world.log.events) == 30


async def test_edits_of_one_process_queue_up_instead_of_racing(world: World) -> None:
    process = world.process()

    await asyncio.gather(*(process.run(edit(str(i))) for i in range(10)))

    assert not [o for o in world.log.outcomes if isinstance(o, Mismatch)]


async def test_of_concurrent_creations_under_one_id_one_succeeds() -> None:
    world, chosen = World(), uuid4()
    processes = [world.process() for _ in range(3)]

    outcomes = await asyncio.gather(
        *(p.run(CreateProject(title="A", project_id=chosen), user=f"user {p}") for p in processes)
    )

    assert sorted(o.status for o in outcomes) == [201, 409, 409]
    assert len(world.log.events) == 1


@pytest.mark.parametrize(
    "commands",
    [
        [edit("B")],
        [edit("B", base_version=1, on_conflict="reject")],
        [AddBlock(project_id=PROJECT, type="slide")],
        [AddBlock(project_id=PROJECT, type="slide", block_id=UUID(int=9))],
        [CreateProject(title="A", project_id=UUID(int=9))],
        [DeleteBlock(project_id=PROJECT, block_id=TEXT)],
        [edit("B"), AddBlock(project_id=PROJECT, type="slide", block_id=UUID(int=9))],
    ],
)
async def test_of_concurrent_repeats_one_is_carried_out_and_all_are_answered_alike(
    world: World, commands: Sequence[Command]
) -> None:
    key = uuid4()
    processes = [world.process() for _ in range(3)]

    outcomes = await asyncio.gather(
        *(p.run(*commands, key=key, batch=len(commands) > 1) for p in processes for _ in range(2))
    )

    assert [o.body for o in outcomes] == [outcomes[0].body] * 6
    assert len({o.status for o in outcomes}) == 1
    assert sorted(o.replayed for o in outcomes) == [False, *[True] * 5]
    assert len(world.log.events) == 10 + len(commands)


class AlwaysMoved(InMemoryEventLog):
    """A log in which somebody else always comes first."""

    async def append(self, request: Append) -> AppendOutcome:
        return StructureChanged() if request.events else await super().append(request)


async def test_endless_contention_ends_in_a_refusal_that_may_be_tried_again() -> None:
    crowded = World(log=AlwaysMoved())

    outcome = await crowded.run(CreateProject(title="A"), key=uuid4())

    assert (outcome.status, outcome.code) == (503, "unavailable")
    assert isinstance(outcome.raised, Unavailable)
    assert outcome.raised.retry_after > 0
