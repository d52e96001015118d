"""merge-branch: what a branch has changed is done to the project too, three-way, and no word is lost."""

from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.messages import (
    AddBlock,
    ApplyTheme,
    BranchProject,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    MergeBranch,
    MoveBlock,
    OpenComment,
    Redo,
    RenameProject,
    UndeleteBlock,
    Undo,
)
from domain.block import BlockAdded, BlockEditConflicted
from domain.project import BranchMerged
from tests.support.making import added, archived, granted, revoked
from tests.support.past import THEMES, MeddledLog, changing, deck, shown, text_of
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

KEY = UUID("4f6e0a51-8c0e-4f43-9a3c-5f1f2b8f6a10")
NEW = uuid4()


class Branched:
    """The shared deck and a branch of it; `there` and `at` are for the branch."""

    def __init__(self, world: World, branch: UUID) -> None:
        self.world, self.branch = world, branch

    def at(self, block: UUID) -> UUID:
        return uuid5(self.branch, str(block))

    def there(self, command: Command) -> Command:
        """The same command, on the branch's copies."""
        fields = {
            name: self.at(value) if isinstance(value, UUID) and value != NEW else value
            for name, value in command
            if name in command.model_fields_set
        }
        return command.model_copy(update={**fields, "project_id": self.branch})

    async def mine(self, *commands: Command) -> None:
        for command in commands:
            outcome = await self.world.run(self.there(command))
            assert outcome.events, outcome.body

    async def theirs(self, *commands: Command) -> None:
        for command in commands:
            outcome = await self.world.run(command, user="edna")
            assert outcome.events, outcome.body

    async def merge(self, **more: Any) -> Outcome:
        return await self.world.run(MergeBranch(project_id=PROJECT, branch_id=self.branch), **more)


async def branched(world: World) -> Branched:
    outcome = await world.run(BranchProject(project_id=PROJECT), key=KEY)
    return Branched(world, UUID(outcome.body["result"]["project_id"]))


@pytest.fixture
async def both(world: World) -> Branched:
    return await branched(world)


def edit(text: str, block: UUID = TEXT) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes={"text": text})


def add(parent: UUID, text: str = "new", block: UUID = NEW, **more: Any) -> AddBlock:
    return AddBlock(
        project_id=PROJECT, type="text", block_id=block, parent_id=parent, content={"text": text}, **more
    )


def move(block: UUID, **place: Any) -> MoveBlock:
    return MoveBlock(project_id=PROJECT, block_id=block, **place)


def delete(block: UUID) -> DeleteBlock:
    return DeleteBlock(project_id=PROJECT, block_id=block)


def undelete(block: UUID) -> UndeleteBlock:
    return UndeleteBlock(project_id=PROJECT, block_id=block)


def conflicts(outcome: Outcome) -> list[BlockEditConflicted]:
    return [e for e in outcome.events if isinstance(e, BlockEditConflicted)]


def assert_nothing(outcome: Outcome) -> None:
    assert (outcome.status, outcome.body["outcome"], outcome.events) == (200, "unchanged", [])


class TestOneSide:
    async def test_all_kinds_of_changes_come_over(self, both: Branched) -> None:
        await both.mine(
            edit("B"),
            add(GROUP, "new"),
            move(HEADING, parent_id=LAST_SLIDE),
            delete(IN_GROUP),
            AddBlock(project_id=PROJECT, type="slide", block_id=NOWHERE),
        )

        outcome = await both.merge(user="ada")

        added = [uuid5(PROJECT, str(b)) for b in (NEW, both.at(NOWHERE))]
        assert shown(both.world).ids == [SLIDE, TEXT, GROUP, added[0], LAST_SLIDE, HEADING, added[1]]
        assert text_of(both.world, TEXT) == "B"
        assert (outcome.status, outcome.body["outcome"], outcome.body["conflicts"]) == (200, "merged", [])
        marker = outcome.events[-1]
        assert isinstance(marker, BranchMerged)
        position = deck(both.world, both.branch).position
        assert (marker.branch_project_id, marker.branch_position) == (str(both.branch), position)
        assert outcome.body["result"] == {"branch_position": position, "blocks": 5, "conflicts": 0}
        assert [s["id"] for s in outcome.body["streams"]] == [str(PROJECT)]
        origins = [e.origin_block_id for e in outcome.events if isinstance(e, BlockAdded)]
        assert sorted(str(o) for o in origins) == sorted(str(b) for b in (NEW, both.at(NOWHERE)))

    async def test_what_only_the_project_changed_stays(self, both: Branched) -> None:
        await both.theirs(edit("B"), delete(GROUP), add(SLIDE), RenameProject(project_id=PROJECT, title="B"))

        assert_nothing(await both.merge())

    async def test_nothing_new_is_told(self, both: Branched) -> None:
        assert_nothing(await both.merge())
        await both.mine(edit("B"))
        await both.merge()
        assert_nothing(await both.merge())

    async def test_comments_in_the_branch_are_nothing_new(self, both: Branched) -> None:
        await both.mine(OpenComment(project_id=PROJECT, text="Why?"))

        assert_nothing(await both.merge())

    async def test_a_second_merge_brings_only_what_is_new(self, both: Branched) -> None:
        await both.mine(edit("B"), add(SLIDE), edit("H2", HEADING))
        await both.merge()
        await both.theirs(edit("H3", HEADING), edit("C"))
        await both.mine(edit("newer", NEW), edit("in B", IN_GROUP))

        outcome = await both.merge()

        added = uuid5(PROJECT, str(NEW))
        assert {e.originator_id for e in outcome.events} == {added, IN_GROUP, PROJECT}
        texts = [text_of(both.world, b) for b in (TEXT, HEADING, IN_GROUP, added)]
        assert texts == ["C", "H3", "in B", "newer"]
        assert conflicts(outcome) == []

    async def test_what_went_and_came_back_in_the_branch(self, both: Branched) -> None:
        await both.mine(edit("B"), delete(TEXT))
        await both.merge()
        assert TEXT not in shown(both.world).ids
        await both.mine(undelete(TEXT))

        await both.merge()

        assert TEXT in shown(both.world).ids
        assert text_of(both.world, TEXT) == "B"

    async def test_what_was_added_under_a_hidden_slide_comes_with_it(self, both: Branched) -> None:
        await both.mine(add(SLIDE), delete(SLIDE))
        await both.merge()
        assert shown(both.world).ids == [LAST_SLIDE]
        await both.mine(undelete(SLIDE))

        await both.merge()

        assert uuid5(PROJECT, str(NEW)) in shown(both.world).ids

    async def test_moving_off_a_slide_and_deleting_it(self, both: Branched) -> None:
        await both.mine(move(TEXT, parent_id=LAST_SLIDE), delete(SLIDE))

        outcome = await both.merge()

        assert shown(both.world).ids == [LAST_SLIDE, TEXT]
        assert conflicts(outcome) == []

    async def test_moving_onto_a_slide_and_deleting_it(self, both: Branched) -> None:
        await both.mine(move(TEXT, parent_id=LAST_SLIDE), delete(LAST_SLIDE))

        await both.merge()

        assert shown(both.world).ids == [SLIDE, GROUP, IN_GROUP, HEADING]

    async def test_a_branch_of_the_branch_comes_over_by_way_of_it(self, both: Branched) -> None:
        made = await both.world.run(BranchProject(project_id=both.branch))
        third = UUID(made.body["result"]["project_id"])
        slide = uuid5(third, str(both.at(SLIDE)))
        adding = AddBlock(
            project_id=third, type="text", parent_id=slide, content={"text": "far"}, block_id=NEW
        )
        await both.world.run(adding)
        await both.world.run(MergeBranch(project_id=both.branch, branch_id=third))

        outcome = await both.merge()

        assert outcome.status == 200, outcome.body
        assert "far" in shown(both.world).words
        assert_nothing(await both.merge())


class TestTitleAndTheme:
    async def test_what_only_the_branch_changed_comes_over(self, both: Branched) -> None:
        await both.mine(RenameProject(project_id=PROJECT, title="Bolder"))
        await both.world.run(ApplyTheme(project_id=both.branch, theme_id=THEMES[0]))

        await both.merge()

        project = both.world.project()
        assert (project.title, project.theme_id) == ("Bolder", str(THEMES[0]))

    async def test_the_projects_own_choice_stays(self, both: Branched) -> None:
        await both.mine(RenameProject(project_id=PROJECT, title="Bolder"), edit("B"))
        await both.world.run(ApplyTheme(project_id=both.branch, theme_id=THEMES[0]))
        await both.world.run(ApplyTheme(project_id=PROJECT, theme_id=THEMES[1]))
        await both.theirs(RenameProject(project_id=PROJECT, title="Our own"))

        await both.merge()

        project = both.world.project()
        assert (project.title, project.theme_id) == ("Our own", str(THEMES[1]))

    async def test_the_branchs_name_is_its_own(self, both: Branched) -> None:
        await both.mine(edit("B"))

        await both.merge()

        assert both.world.project().title == "A deck"

    async def test_a_second_title_comes_over_too(self, both: Branched) -> None:
        for title in ("B", "C"):
            await both.mine(RenameProject(project_id=PROJECT, title=title))
            await both.merge()
            assert both.world.project().title == title


class TestBothSides:
    async def test_words_of_both_are_merged(self, both: Branched) -> None:
        await both.mine(edit("quick A"))
        await both.theirs(edit("A fox"))

        outcome = await both.merge()

        assert text_of(both.world, TEXT) == "quick A fox"
        assert conflicts(outcome) == []

    async def test_what_cannot_be_merged_is_a_conflict(self, both: Branched) -> None:
        await both.mine(edit("B"))
        await both.theirs(edit("C"))

        outcome = await both.merge()

        assert text_of(both.world, TEXT) == "B"
        [conflict] = conflicts(outcome)
        assert (conflict.base, conflict.theirs, conflict.mine) == ("A", "C", "B")
        assert (conflict.theirs_by, conflict.mine_by, conflict.winner) == ("edna", "ada", "mine")
        assert [c["id"] for c in outcome.body["conflicts"]] == [f"{TEXT}.{conflict.originator_version}"]
        assert outcome.body["result"]["conflicts"] == 1

    async def test_a_machines_merge_beats_nobody(self, both: Branched) -> None:
        await both.mine(edit("B"), move(GROUP, parent_id=LAST_SLIDE))
        await both.theirs(edit("C"), move(GROUP, before_id=TEXT))

        outcome = await both.merge(machine=True)

        assert text_of(both.world, TEXT) == "C"
        assert both.world.block(GROUP).parent_id == SLIDE
        assert {c.winner for c in conflicts(outcome)} == {"theirs"}

    async def test_equal_changes_are_none(self, both: Branched) -> None:
        for side in (both.mine, both.theirs):
            await side(edit("B"), delete(GROUP))
        await both.mine(move(HEADING, before_id=TEXT))
        await both.theirs(move(HEADING, before_id=TEXT))

        outcome = await both.merge()

        assert [type(e) for e in outcome.events] == [BranchMerged]
        assert_nothing(await both.merge())

    async def test_both_put_something_at_one_place(self, both: Branched) -> None:
        other = uuid4()
        await both.mine(add(SLIDE, "mine"))
        await both.theirs(add(SLIDE, "theirs", other))

        await both.merge()

        assert {"mine", "theirs"} <= shown(both.world).words

    async def test_two_moves_of_one_block(self, both: Branched) -> None:
        await both.mine(move(TEXT, parent_id=LAST_SLIDE))
        await both.theirs(move(TEXT, parent_id=GROUP))

        outcome = await both.merge()

        assert both.world.block(TEXT).parent_id == LAST_SLIDE
        [conflict] = conflicts(outcome)
        assert (conflict.field, conflict.theirs_by) == ("place", "edna")
        assert conflict.theirs["parent_id"] == str(GROUP)

    async def test_edited_there_and_deleted_here(self, both: Branched) -> None:
        await both.mine(edit("A draft"))
        await both.theirs(delete(TEXT))

        outcome = await both.merge()

        assert TEXT not in shown(both.world).ids
        [conflict] = conflicts(outcome)
        assert (conflict.field, conflict.theirs, conflict.mine) == ("deleted", None, {"text": "A draft"})
        assert conflict.winner == "theirs"

    async def test_edited_there_and_deleted_here_with_its_slide(self, both: Branched) -> None:
        await both.mine(edit("A draft"))
        await both.theirs(delete(SLIDE))

        outcome = await both.merge()

        assert shown(both.world).ids == [LAST_SLIDE]
        [conflict] = conflicts(outcome)
        assert (conflict.originator_id, conflict.mine) == (TEXT, {"text": "A draft"})

    async def test_moved_there_off_a_slide_that_was_deleted_here(self, both: Branched) -> None:
        await both.mine(move(TEXT, parent_id=LAST_SLIDE), edit("A draft"))
        await both.theirs(delete(SLIDE))

        await both.merge()

        assert shown(both.world).ids == [LAST_SLIDE, TEXT]
        assert text_of(both.world, TEXT) == "A draft"

    async def test_deleted_there_and_edited_here(self, both: Branched) -> None:
        await both.mine(delete(TEXT))
        await both.theirs(edit("A draft"))

        outcome = await both.merge()

        assert TEXT in shown(both.world).ids
        [conflict] = conflicts(outcome)
        assert (conflict.field, conflict.theirs, conflict.mine) == ("deleted", {"text": "A draft"}, None)
        assert (conflict.theirs_by, conflict.winner) == ("edna", "theirs")

    @pytest.mark.parametrize("change", [edit("in B", IN_GROUP), add(GROUP, "theirs")])
    async def test_a_slide_that_was_changed_here_stays_whole(self, both: Branched, change: Command) -> None:
        await both.mine(move(TEXT, parent_id=LAST_SLIDE), delete(SLIDE))
        await both.theirs(change)

        outcome = await both.merge()

        assert {SLIDE, GROUP, IN_GROUP, HEADING} <= set(shown(both.world).ids)
        assert [(c.originator_id, c.field) for c in conflicts(outcome)] == [(SLIDE, "deleted")]

    @pytest.mark.parametrize("on", [SLIDE, GROUP])
    async def test_a_new_block_brings_its_slide_back(self, both: Branched, on: UUID) -> None:
        await both.mine(add(on, "mine"))
        await both.theirs(delete(SLIDE))

        outcome = await both.merge()

        assert "mine" in shown(both.world).words
        assert [(c.originator_id, c.field, c.winner) for c in conflicts(outcome)] == [
            (SLIDE, "deleted", "mine")
        ]

    async def test_a_move_onto_a_slide_that_was_deleted_brings_it_back(self, both: Branched) -> None:
        await both.mine(move(TEXT, parent_id=LAST_SLIDE))
        await both.theirs(delete(LAST_SLIDE))

        await both.merge()

        assert shown(both.world).ids == [SLIDE, GROUP, IN_GROUP, HEADING, LAST_SLIDE, TEXT]

    async def test_what_both_brought_back_keeps_the_projects_words(self, both: Branched) -> None:
        await both.mine(delete(TEXT))
        await both.merge()
        await both.mine(undelete(TEXT), edit("mine"))
        await both.theirs(undelete(TEXT), edit("theirs"))

        outcome = await both.merge()

        kept = str([(c.theirs, c.mine) for c in conflicts(outcome)])
        for word in ("mine", "theirs"):
            assert word in shown(both.world).words or word in kept


class TestUndoneMerges:
    async def test_a_merge_is_undone_in_one_step(self, both: Branched) -> None:
        before = shown(both.world)
        await both.mine(edit("B"), add(GROUP), delete(HEADING), RenameProject(project_id=PROJECT, title="B"))
        await both.merge()

        await both.world.run(Undo(project_id=PROJECT))

        assert shown(both.world) == before

    async def test_after_its_undo_a_merge_brings_all_again(self, both: Branched) -> None:
        await both.mine(edit("B"), add(GROUP), delete(HEADING), RenameProject(project_id=PROJECT, title="B"))
        await both.merge()
        merged = shown(both.world)
        await both.world.run(Undo(project_id=PROJECT))

        outcome = await both.merge()

        assert shown(both.world) == merged
        assert conflicts(outcome) == []

    async def test_after_its_redo_nothing_is_new(self, both: Branched) -> None:
        await both.mine(edit("B"), add(GROUP))
        await both.merge()
        await both.world.run(Undo(project_id=PROJECT))
        await both.world.run(Redo(project_id=PROJECT))

        assert_nothing(await both.merge())


class TestRefusals:
    async def test_what_is_no_branch_of_it_is_refused_alike(self, both: Branched) -> None:
        world = both.world
        other = UUID((await world.run(CreateProject(title="Mine"))).body["project_id"])
        foreign = UUID((await world.run(CreateProject(title="X"), user="stranger")).body["project_id"])
        hidden = await world.run(BranchProject(project_id=PROJECT), user="vera")
        not_mine = UUID(hidden.body["result"]["project_id"])

        bodies = []
        for branch in (other, foreign, not_mine, PROJECT, TEXT, uuid4()):
            outcome = await world.run(MergeBranch(project_id=PROJECT, branch_id=branch))
            assert (outcome.status, outcome.fields, outcome.events) == (422, ["branch_id"], [])
            bodies.append(outcome.body)
        assert all(body == bodies[0] for body in bodies)

    async def test_a_viewer_of_the_branch_may_merge_it(self, both: Branched) -> None:
        await both.mine(edit("B"))
        await both.world.given(granted(both.branch, 3, "edna", "viewer"), project=both.branch)

        assert (await both.merge(user="edna")).status == 200

    async def test_who_lost_sight_of_the_branch_may_not(self, both: Branched) -> None:
        await both.mine(edit("B"))
        await both.world.given(granted(both.branch, 3, "edna", "viewer"), project=both.branch)
        await both.world.given(revoked(both.branch, 4, "edna"), project=both.branch)

        assert (await both.merge(user="edna")).fields == ["branch_id"]

    @pytest.mark.parametrize("user", ["carl", "vera"])
    async def test_it_needs_an_editor_of_the_project(self, both: Branched, user: str) -> None:
        await both.world.given(granted(both.branch, 3, user, "owner"), project=both.branch)

        assert (await both.merge(user=user)).status == 403

    async def test_an_archived_project_stays_as_it_is(self, both: Branched) -> None:
        await both.mine(edit("B"))
        await both.world.given(archived(PROJECT, 5))

        assert (await both.merge()).status == 403

    async def test_an_archived_branch_can_be_merged(self, both: Branched) -> None:
        await both.mine(edit("B"))
        await both.world.given(archived(both.branch, 3), project=both.branch)

        assert (await both.merge()).body["outcome"] == "merged"

    async def test_after_changes_in_the_same_batch_it_is_refused(self, both: Branched) -> None:
        merge = MergeBranch(project_id=PROJECT, branch_id=both.branch)
        for change, field in ((edit("B"), "project_id"), (both.there(edit("B")), "branch_id")):
            outcome = await both.world.run_batch(change, merge)
            assert (outcome.status, outcome.fields, outcome.body["index"]) == (422, [field], 1)

    async def test_it_brings_no_more_than_the_project_can_hold(self, both: Branched) -> None:
        await both.mine(AddBlock(project_id=PROJECT, type="slide"))
        await both.world.given(*(added(uuid4(), PROJECT, "slide", rank="b0") for _ in range(198)))

        outcome = await both.merge()

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["branch_id"], [])
        assert outcome.body["errors"][0]["limit"] == 200

    async def test_a_repeat_merges_nothing_again(self, both: Branched) -> None:
        await both.mine(edit("B"))
        first = await both.merge(key=KEY, user="ada")
        assert first.status == 422
        first = await both.merge(key=(key := uuid4()))
        await both.mine(edit("C"))

        again = await both.merge(key=key)

        assert (again.replayed, again.body, again.events) == (True, first.body, [])


class TestMeanwhile:
    @pytest.mark.parametrize(
        "change", [edit("A fox"), add(SLIDE, "theirs", uuid4()), delete(GROUP)], ids=lambda c: c.NAME
    )
    async def test_it_decides_again(self, change: Command) -> None:
        world = World(MeddledLog())
        await world.given(*shared_deck())
        both = await branched(world)
        await both.mine(edit("quick A"), add(GROUP, "mine"))
        other = world.process()
        assert isinstance(world.log, MeddledLog)
        world.log.meddling.append(lambda: other.run(change, user="edna"))

        outcome = await both.merge()

        assert outcome.status == 200
        assert {"quick", "mine"} <= shown(world).words
        if change.NAME != "delete-block":
            assert shown(world).words & {"fox", "theirs"}

    async def test_another_process_with_old_caches_merges_rightly(self, both: Branched) -> None:
        other = both.world.process()
        await other.read_all()
        await other.read_all(both.branch)
        await both.mine(edit("quick A"), add(GROUP, "mine"))
        await both.theirs(edit("A fox"), edit("H2", HEADING))

        await other.run(MergeBranch(project_id=PROJECT, branch_id=both.branch))

        assert {"quick", "A", "fox", "mine", "H2"} <= shown(both.world).words


BRANCH = uuid5(KEY, "ada\nproject")


def words(side: str) -> st.SearchStrategy[str]:
    known = [f"{side}{k}" for k in range(6)]
    return st.lists(st.sampled_from(known), max_size=5).map(" ".join)


def mapped(world: World) -> list[object]:
    """The branch as shown, with the ids that its blocks have in the project."""
    ids = {
        b.block_id: b.origin_block_id or uuid5(PROJECT, str(b.block_id))
        for b in deck(world, BRANCH).blocks.values()
    }
    return [(ids[b], ids[p] if p else None, kind, c) for b, p, kind, c in shown(world, BRANCH).blocks]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(changing(BRANCH), min_size=1, max_size=6), min_size=1, max_size=4))
async def test_what_only_the_branch_changed_makes_the_project_equal(rounds: list[list[Command]]) -> None:
    world = World()
    await world.given(*shared_deck())
    both = await branched(world)
    assert both.branch == BRANCH

    for commands in rounds:
        for command in commands:
            await world.run(command)
        outcome = await both.merge()
        assert outcome.status == 200
        assert conflicts(outcome) == []
        # Ranks are the branch's, but ids are not: siblings of one rank may stand the other way round.
        assert sorted(map(repr, shown(world).blocks)) == sorted(map(repr, mapped(world)))
        assert shown(world).theme_id == shown(world, BRANCH).theme_id
        assert_nothing(await both.merge())


@settings(deadline=None, max_examples=40)
@given(st.lists(changing(), min_size=1, max_size=10))
async def test_what_only_the_project_changed_is_left_alone(commands: list[Command]) -> None:
    world = World()
    await world.given(*shared_deck())
    both = await branched(world)
    for command in commands:
        await world.run(command)

    assert_nothing(await both.merge())


@settings(deadline=None, max_examples=100)
@given(st.data())
async def test_no_word_of_either_side_is_lost(data: st.DataObject) -> None:
    world = World()
    await world.given(*shared_deck())
    both = await branched(world)
    for _ in range(data.draw(st.integers(1, 3))):
        base = shown(world, BRANCH).words
        for command in data.draw(st.lists(changing(texts=words("p")), max_size=6)):
            await world.run(command)
        for command in data.draw(st.lists(changing(BRANCH, texts=words("b")), max_size=6)):
            await world.run(command)
        theirs, mine = shown(world).words, shown(world, BRANCH).words

        outcome = await both.merge()

        assert outcome.status == 200
        kept: set[str] = set()
        for c in conflicts(outcome):
            kept |= set(str([c.base, c.theirs, c.mine]).replace("'", " ").split())
        new = {w for w in mine - base if w.startswith("b")} | {w for w in theirs if w.startswith("p")}
        assert new <= shown(world).words | kept
