"""branch-project: a copy of what is shown at a position, the caller's own."""

from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.messages import (
    AddBlock,
    BranchProject,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    GrantAccess,
    OpenComment,
    RenameProject,
)
from domain.project import ProjectBranched
from domain.roles import Role
from tests.support.making import added, archived, created
from tests.support.past import THEMES, Shown, changing, deck, shown
from tests.support.scenario import (
    GROUP,
    HEADING,
    IN_GROUP,
    LAST_SLIDE,
    PROJECT,
    SLIDE,
    TEXT,
    Outcome,
    World,
    shared_deck,
)


def branch(position: int | None = None, **more: str) -> BranchProject:
    return BranchProject(project_id=PROJECT, at_position=position, **more)


def edit(text: str, block: UUID = TEXT, project: UUID = PROJECT) -> EditBlock:
    return EditBlock(project_id=project, block_id=block, changes={"text": text})


def made(outcome: Outcome) -> UUID:
    assert outcome.status == 201, outcome.body
    return UUID(outcome.body["result"]["project_id"])


def copied(of: Shown, project: UUID) -> list[object]:
    def copy(block: UUID) -> UUID:
        return uuid5(project, str(block))

    return [(copy(b), copy(parent) if parent else None, kind, c) for b, parent, kind, c in of.blocks]


def here(world: World) -> int:
    return len(world.log.events)


class TestTheCopy:
    async def test_it_has_all_that_is_shown_under_ids_of_its_own(self, world: World) -> None:
        last = here(world)

        outcome = await world.run(branch(title="Bolder"), user="vera")

        project = made(outcome)
        assert outcome.body["result"] == {
            "project_id": str(project),
            "origin_position": last,
            "blocks": 6,
        }
        assert outcome.body["project_id"] == str(project)
        assert outcome.body["streams"] == [{"id": str(project), "kind": "project", "version": 2}]
        assert shown(world, project).blocks == copied(shown(world), project)
        origins = {b.block_id: b.origin_block_id for b in deck(world, project).blocks.values()}
        assert origins == {
            uuid5(project, str(o)): o for o in (SLIDE, LAST_SLIDE, TEXT, GROUP, HEADING, IN_GROUP)
        }
        marker = outcome.events[-1]
        assert isinstance(marker, ProjectBranched)
        assert (marker.origin_project_id, marker.origin_position) == (str(PROJECT), last)
        assert outcome.body["position"] == outcome.recorded[-1].position == here(world)

    async def test_the_caller_owns_it_alone(self, world: World) -> None:
        project = made(await world.run(branch(), user="vera"))

        assert world.project(project).members == {"vera": Role.OWNER}
        assert (await world.run(edit("B", uuid5(project, str(TEXT)), project), user="vera")).status == 200
        assert (await world.run(RenameProject(project_id=project, title="B"))).status == 404

    async def test_the_project_stays_as_it_is(self, world: World) -> None:
        before, last = shown(world), here(world)
        project = made(await world.run(branch()))
        await world.run(edit("B", uuid5(project, str(TEXT)), project))

        assert shown(world) == before
        assert all(r.project_id == project for r in world.log.events[last:])

    async def test_title_aspect_and_theme(self) -> None:
        world = World()
        title = "T" * 190 + " and more"
        await world.given(created(PROJECT, title, aspect="4:3", theme_id=str(THEMES[0])))

        project = world.project(made(await world.run(branch())))

        assert project.title == "T" * 190 + " (branch)"
        assert (project.aspect, project.theme_id) == ("4:3", str(THEMES[0]))
        assert RenameProject(project_id=PROJECT, title=project.title)

    async def test_what_is_deleted_is_not_copied(self, world: World) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=GROUP))

        project = made(await world.run(branch()))

        copies = {uuid5(project, str(b)) for b in (SLIDE, LAST_SLIDE, TEXT, HEADING)}
        assert set(deck(world, project).blocks) == copies

    async def test_comments_and_members_are_not_copied(self, world: World) -> None:
        await world.run(OpenComment(project_id=PROJECT, text="Why?"))
        await world.run(GrantAccess(project_id=PROJECT, user="grace", role="editor"))

        outcome = await world.run(branch())

        assert {e.KIND for e in outcome.events} == {"project", "block"}
        assert set(world.project(made(outcome)).members) == {"ada"}

    async def test_a_past_state_is_copied(self, world: World) -> None:
        then, before = here(world), shown(world)
        for command in (
            edit("B"),
            RenameProject(project_id=PROJECT, title="Later"),
            DeleteBlock(project_id=PROJECT, block_id=SLIDE),
            AddBlock(project_id=PROJECT, type="slide"),
        ):
            await world.run(command)

        project = made(await world.run(branch(then)))

        assert shown(world, project).blocks == copied(before, project)
        assert world.project(project).title == "A deck (branch)"

    async def test_a_branch_can_be_branched(self, world: World) -> None:
        first = made(await world.run(branch()))
        again = BranchProject(project_id=first)

        second = made(await world.run(again))

        assert shown(world, second).blocks == copied(shown(world, first), second)


class TestRepeats:
    async def test_the_same_key_names_the_same_project(self, world: World) -> None:
        key = uuid4()
        first = await world.run(branch(), key=key)
        await world.run(edit("B"))

        again = await world.process().run(branch(), key=key)

        assert (again.replayed, again.body, again.events) == (True, first.body, [])

    async def test_it_is_made_of_key_and_caller(self, world: World) -> None:
        key = uuid4()

        projects = {made(await world.run(branch(), user=user, key=key)) for user in ("ada", "vera")}

        assert len(projects) == 2

    async def test_several_in_one_batch(self, world: World) -> None:
        then = here(world)
        outcome = await world.run_batch(branch(title="A"), edit("B"), branch(then, title="B"))

        first, _, second = outcome.body["results"]
        projects = [UUID(r["result"]["project_id"]) for r in (first, second)]
        assert [world.project(p).title for p in projects] == ["A", "B"]
        assert shown(world, projects[0]).blocks == copied(shown(world, position=then), projects[0])
        assert [r["position"] for r in outcome.body["results"]] == sorted(
            r["position"] for r in outcome.body["results"]
        )

    async def test_now_is_no_moment_after_changes_in_the_same_batch(self, world: World) -> None:
        outcome = await world.run_batch(edit("B"), branch())

        assert (outcome.status, outcome.fields, outcome.body["index"]) == (422, ["project_id"], 1)


class TestRefusals:
    async def test_a_position_ahead_of_the_log_is_refused(self, world: World) -> None:
        outcome = await world.run(branch(here(world) + 1))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["at_position"], [])
        assert outcome.body["errors"][0]["limit"] == here(world)

    async def test_a_position_of_the_log_past_the_projects_last_event_is_now(self, world: World) -> None:
        last = here(world)
        await world.run(CreateProject(title="Mine"), user="stranger")

        outcome = await world.run(branch(here(world)))

        assert outcome.body["result"]["origin_position"] == last

    async def test_a_position_before_the_project_is_refused(self) -> None:
        world = World()
        other = uuid4()
        await world.given(created(other), project=other)
        await world.given(*shared_deck())

        outcome = await world.run(branch(1))

        assert (outcome.status, outcome.fields) == (422, ["at_position"])
        assert outcome.body["errors"][0]["limit"] == 2

    async def test_more_than_the_log_takes_at_once_is_refused(self, world: World) -> None:
        text = {"text": "x" * 10_000}
        await world.given(*(added(uuid4(), PROJECT, parent=SLIDE, content=text) for _ in range(1_190)))
        assert (await world.run(branch())).status == 201
        await world.given(*(added(uuid4(), PROJECT, parent=SLIDE, content=text) for _ in range(80)))

        outcome = await world.run(branch())

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["project_id"], [])
        assert outcome.body["errors"][0]["limit"] == 12 * 2**20

    async def test_a_stranger_learns_nothing(self, world: World) -> None:
        foreign = await world.run(branch(), user="stranger")
        absent = await world.run(BranchProject(project_id=uuid4()), user="stranger")

        assert (foreign.status, foreign.body, foreign.events) == (404, absent.body, [])

    @pytest.mark.parametrize("user", ["ada", "edna", "carl", "vera"])
    async def test_an_archived_project_can_be_branched_by_all_who_see_it(
        self, world: World, user: str
    ) -> None:
        await world.given(archived(PROJECT, 5))

        project = made(await world.run(branch(), user=user))

        assert not world.project(project).archived


@settings(deadline=None, max_examples=40)
@given(st.lists(changing(), min_size=1, max_size=14), st.data())
async def test_any_state_is_copied_as_it_was(commands: list[Command], data: st.DataObject) -> None:
    world = World()
    await world.given(*shared_deck())
    for command in commands:
        await world.run(command)
    at = data.draw(st.integers(1, here(world)))

    project = made(await world.run(branch(at)))

    before = shown(world, position=at)
    assert shown(world, project).blocks == copied(before, project)
    assert shown(world, project).theme_id == before.theme_id
