"""restore-project: what is shown is what was shown then; all else stays."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.messages import (
    AddBlock,
    ApplyTheme,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    GrantAccess,
    MoveBlock,
    NameVersion,
    OpenComment,
    RenameProject,
    RestoreProject,
    Undo,
)
from domain.block import BlockEvent
from domain.project import ProjectRestored
from tests.support.making import added, archived, created, deleted
from tests.support.past import THEMES, MeddledLog, changing, shown, text_of
from tests.support.scenario import (
    GROUP,
    HEADING,
    IN_GROUP,
    LAST_SLIDE,
    NOWHERE,
    PROJECT,
    SLIDE,
    TEXT,
    Outcome,
    World,
    shared_deck,
)


def restore(position: int) -> RestoreProject:
    return RestoreProject(project_id=PROJECT, to_position=position)


def edit(text: str, block: UUID = TEXT) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes={"text": text})


def here(world: World) -> int:
    return len(world.log.events)


def assert_refused(outcome: Outcome, field: str, limit: int | None = None) -> None:
    assert (outcome.status, outcome.code, outcome.events) == (422, "validation", [])
    assert outcome.fields == [field]
    assert outcome.body["errors"][0].get("limit") == limit


EVERYTHING: list[Command] = [
    RenameProject(project_id=PROJECT, title="Another title"),
    ApplyTheme(project_id=PROJECT, theme_id=THEMES[0]),
    edit("rewritten"),
    MoveBlock(project_id=PROJECT, block_id=TEXT, parent_id=GROUP),
    DeleteBlock(project_id=PROJECT, block_id=HEADING),
    AddBlock(project_id=PROJECT, type="text", content={"text": "new"}, parent_id=LAST_SLIDE),
    AddBlock(project_id=PROJECT, type="slide", block_id=NOWHERE),
    AddBlock(project_id=PROJECT, type="text", content={"text": "on it"}, parent_id=NOWHERE),
    MoveBlock(project_id=PROJECT, block_id=LAST_SLIDE, before_id=SLIDE),
]


class TestWhatComesBack:
    async def test_title_theme_tree_and_content_are_as_they_were(self, world: World) -> None:
        then = here(world)
        before = shown(world)
        for command in EVERYTHING:
            assert (await world.run(command)).events

        outcome = await world.run(restore(then), user="edna")

        assert shown(world) == before
        assert (outcome.status, outcome.body["outcome"]) == (200, "applied")
        assert outcome.body["result"] == {"to_position": then, "blocks": 5}
        marker = outcome.events[-1]
        assert isinstance(marker, ProjectRestored)
        assert marker.to_position == then
        assert {r.actor for r in outcome.recorded} == {"edna"}
        assert outcome.body["position"] == outcome.recorded[-1].position
        assert outcome.body["streams"] == [
            {"id": str(PROJECT), "kind": "project", "version": marker.originator_version}
        ]

    async def test_a_later_state_comes_back_as_well(self, world: World) -> None:
        then = here(world)
        for command in EVERYTHING:
            await world.run(command)
        later, changed = here(world), shown(world)
        await world.run(restore(then))

        await world.run(restore(later))

        assert shown(world) == changed

    async def test_what_goes_with_its_slide_takes_no_event_of_its_own(self, world: World) -> None:
        then = here(world)
        await world.run(AddBlock(project_id=PROJECT, type="slide", block_id=NOWHERE))
        await world.run(AddBlock(project_id=PROJECT, type="text", parent_id=NOWHERE))

        outcome = await world.run(restore(then))

        assert [e.originator_id for e in outcome.events if isinstance(e, BlockEvent)] == [NOWHERE]

    async def test_members_comments_and_named_versions_stay(self, world: World) -> None:
        then = here(world)
        for command in (
            GrantAccess(project_id=PROJECT, user="grace", role="editor"),
            NameVersion(project_id=PROJECT, name="Draft"),
            OpenComment(project_id=PROJECT, text="Why?"),
            edit("B"),
        ):
            await world.run(command)

        await world.run(restore(then))

        assert "grace" in world.project().members
        assert world.project().versions == 1
        assert text_of(world, TEXT) == "A"

    async def test_a_restore_can_be_undone(self, world: World) -> None:
        then = here(world)
        for command in EVERYTHING:
            await world.run(command)
        changed = shown(world)
        await world.run(restore(then))

        await world.run(Undo(project_id=PROJECT))

        assert shown(world) == changed


class TestNothingToDo:
    async def test_nothing_to_bring_back_is_told(self, world: World) -> None:
        outcome = await world.run(restore(here(world)))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    async def test_a_position_of_the_log_past_the_projects_last_event_is_now(self, world: World) -> None:
        await world.run(CreateProject(title="Mine"), user="stranger")

        outcome = await world.run(restore(here(world)))

        assert (outcome.status, outcome.body["outcome"]) == (200, "unchanged")

    async def test_a_repeat_restores_nothing_again(self, world: World) -> None:
        then, key = here(world), uuid4()
        await world.run(edit("B"))
        first = await world.run(restore(then), key=key)
        await world.run(edit("C"))

        again = await world.run(restore(then), key=key)

        assert (again.replayed, again.body, again.events) == (True, first.body, [])
        assert text_of(world, TEXT) == "C"


class TestRefusals:
    async def test_a_position_ahead_of_the_log_is_refused(self, world: World) -> None:
        assert_refused(await world.run(restore(here(world) + 1)), "to_position", here(world))

    async def test_a_position_before_the_project_is_refused(self) -> None:
        world = World()
        other = uuid4()
        await world.given(created(other), project=other)
        await world.given(*shared_deck())

        assert_refused(await world.run(restore(1)), "to_position", 2)

    @pytest.mark.parametrize("user", ["carl", "vera"])
    async def test_it_needs_an_editor(self, world: World, user: str) -> None:
        await world.run(edit("B"))

        outcome = await world.run(restore(4), user=user)

        assert (outcome.status, outcome.events) == (403, [])

    async def test_an_archived_project_stays_as_it_is(self, world: World) -> None:
        await world.given(archived(PROJECT, 5))

        assert (await world.run(restore(4))).status == 403

    async def test_after_changes_in_the_same_batch_it_is_refused(self, world: World) -> None:
        outcome = await world.run_batch(edit("B"), restore(here(world)))

        assert_refused(outcome, "project_id")
        assert outcome.body["index"] == 1

    async def test_more_may_follow_in_the_same_batch(self, world: World) -> None:
        then = here(world)
        await world.run(edit("B"))
        await world.run(edit("in B", IN_GROUP))

        outcome = await world.run_batch(restore(then), edit("A and more"))

        assert outcome.status == 200
        assert (text_of(world, TEXT), text_of(world, IN_GROUP)) == ("A and more", "in")


class TestMeanwhile:
    """What others do between the moment a restore is decided and the moment it is written."""

    @pytest.fixture
    async def world(self) -> World:
        found = World(MeddledLog())
        await found.given(*shared_deck())
        return found

    async def interrupted(self, world: World, command: Command, then: int) -> Outcome:
        assert isinstance(world.log, MeddledLog)
        other = world.process()
        world.log.meddling.append(lambda: other.run(command, user="edna"))
        return await world.run(restore(then))

    @pytest.mark.parametrize(
        "command",
        [
            edit("C"),
            AddBlock(project_id=PROJECT, type="text", parent_id=SLIDE),
            MoveBlock(project_id=PROJECT, block_id=HEADING, before_id=TEXT),
            DeleteBlock(project_id=PROJECT, block_id=SLIDE),
            RenameProject(project_id=PROJECT, title="B"),
        ],
        ids=lambda c: c.NAME,
    )
    async def test_it_decides_again(self, world: World, command: Command) -> None:
        then, before = here(world), shown(world)
        await world.run(edit("B"))

        outcome = await self.interrupted(world, command, then)

        assert outcome.status == 200
        assert shown(world) == before
        assert world.log.events[-1].event == outcome.events[-1]

    async def test_an_edit_of_what_was_the_same_then_comes_after_it(self, world: World) -> None:
        then = here(world)
        await world.run(edit("B"))

        await self.interrupted(world, edit("in time", IN_GROUP), then)

        assert (text_of(world, TEXT), text_of(world, IN_GROUP)) == ("A", "in time")

    async def test_a_block_added_while_it_reads_is_taken_away_too(self, world: World) -> None:
        assert isinstance(world.log, MeddledLog)
        then, before = here(world), shown(world)
        await world.run(edit("B"))
        other = world.process()
        adding = AddBlock(project_id=PROJECT, type="text", parent_id=SLIDE)
        world.log.meddling_reads.append(lambda: other.run(adding, user="edna"))

        outcome = await world.run(restore(then))

        assert outcome.status == 200
        assert shown(world) == before

    async def test_another_process_with_an_old_cache_restores_rightly(self, world: World) -> None:
        then, before = here(world), shown(world)
        other = world.process()
        await other.read_all()
        for command in EVERYTHING:
            await world.run(command)

        await other.run(restore(then))

        assert shown(world) == before
        outcome = await other.run(edit("A"))
        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    async def test_a_stale_block_read_before_it_in_a_batch_spoils_no_cache(self, world: World) -> None:
        other = world.process()
        await other.read_all()
        await world.run(EditBlock(project_id=PROJECT, block_id=HEADING, changes={"level": 3}))
        then = here(world)
        await world.run(EditBlock(project_id=PROJECT, block_id=HEADING, changes={"text": "J"}))
        unchanged = EditBlock(project_id=PROJECT, block_id=HEADING, changes={"text": "H"})

        await other.run(unchanged, restore(then), batch=True)

        known = (await other.repository.block(PROJECT, HEADING)).state
        assert known == world.block(HEADING)


async def test_limits_hold() -> None:
    world = World()
    slides = [uuid4() for _ in range(200)]
    await world.given(created(PROJECT), *(added(s, PROJECT, "slide") for s in slides))
    then = here(world)
    await world.given(*(deleted(s, 2) for s in slides))
    await world.run(AddBlock(project_id=PROJECT, type="slide"))

    outcome = await world.run(restore(then))

    assert outcome.status == 200
    assert shown(world).ids == shown(world, position=then).ids


@settings(deadline=None, max_examples=60)
@given(st.lists(changing(), min_size=1, max_size=14), st.data())
async def test_any_state_comes_back_and_can_be_left_again(
    commands: list[Command], data: st.DataObject
) -> None:
    world = World()
    await world.given(*shared_deck())
    for command in commands:
        await world.run(command)
    last = here(world)
    to = data.draw(st.integers(4, last))

    await world.run(restore(to))
    restored = shown(world)
    await world.run(restore(last))

    assert restored == shown(world, position=to)
    assert shown(world) == shown(world, position=last)
