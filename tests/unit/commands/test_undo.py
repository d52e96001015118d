"""undo: a step is taken back by new events; what others did since stays, and no word is lost."""

from typing import Any
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
    ImportMarkdown,
    MoveBlock,
    NameVersion,
    OpenComment,
    RenameProject,
    UndeleteBlock,
    Undo,
)
from commands.steps import UNDOABLE
from domain.block import BlockEditConflicted, BlockEvent
from domain.job import GenerationRequested
from domain.project import StepUndone
from tests.support.making import added, archived, created, edited
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

UNDO = Undo(project_id=PROJECT)


def undo_at(position: int) -> Undo:
    return Undo(project_id=PROJECT, position=position)


def edit(text: str, block: UUID = TEXT) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes={"text": text})


def add(kind: str = "text", block: UUID = NOWHERE, text: str = "new", **place: UUID) -> AddBlock:
    content = {"text": text} if kind == "text" else {}
    return AddBlock(project_id=PROJECT, type=kind, block_id=block, content=content, **place)


def move(block: UUID, **place: Any) -> MoveBlock:
    return MoveBlock(project_id=PROJECT, block_id=block, **place)


def delete(block: UUID) -> DeleteBlock:
    return DeleteBlock(project_id=PROJECT, block_id=block)


def asked(job: UUID, project: UUID) -> GenerationRequested:
    return GenerationRequested(
        originator_id=job,
        originator_version=1,
        project_id=str(project),
        priority=5,
        ttl=None,
        prompt="A deck",
        source_text=None,
        source_asset_id=None,
        slides=None,
        auto_approve=True,
    )


def conflicts(outcome: Outcome) -> list[BlockEditConflicted]:
    return [e for e in outcome.events if isinstance(e, BlockEditConflicted)]


def here(world: World) -> int:
    return len(world.log.events)


def assert_nothing(outcome: Outcome) -> None:
    assert (outcome.status, outcome.body["outcome"], outcome.events) == (200, "unchanged", [])


STEPS: dict[str, Command] = {
    "add": add(parent_id=SLIDE, after_id=TEXT),
    "add a slide": add("slide"),
    "edit": edit("B"),
    "move": move(TEXT, parent_id=GROUP),
    "move a slide": move(LAST_SLIDE, before_id=SLIDE),
    "delete": delete(TEXT),
    "delete a slide": delete(SLIDE),
    "rename": RenameProject(project_id=PROJECT, title="B"),
    "theme": ApplyTheme(project_id=PROJECT, theme_id=THEMES[0]),
}
# Those that are possible one after the other.
ALL = [
    STEPS[n] for n in ("add", "edit", "move", "move a slide", "delete", "rename", "theme", "delete a slide")
]


class TestOneStep:
    @pytest.mark.parametrize("command", STEPS.values(), ids=STEPS)
    async def test_it_is_as_it_was(self, world: World, command: Command) -> None:
        before = shown(world)
        did = await world.run(command, key=(key := uuid4()))

        outcome = await world.run(UNDO)

        assert shown(world) == before
        assert (outcome.status, outcome.body["outcome"], outcome.body["conflicts"]) == (200, "applied", [])
        marker = outcome.events[-1]
        assert isinstance(marker, StepUndone)
        position = did.recorded[0].position
        assert (marker.step, marker.position, marker.author) == (str(key), position, "ada")
        told = {"step": str(key), "position": position, "author": "ada"}
        assert told.items() <= outcome.body["result"].items()
        assert outcome.body["streams"][-1] == {
            "id": str(PROJECT),
            "kind": "project",
            "version": marker.originator_version,
        }
        assert outcome.body["position"] == outcome.recorded[-1].position

    async def test_an_undelete_is_taken_back(self, world: World) -> None:
        await world.run(delete(SLIDE), user="edna")
        before = shown(world)
        await world.run(UndeleteBlock(project_id=PROJECT, block_id=SLIDE))

        outcome = await world.run(UNDO)

        assert shown(world) == before
        assert conflicts(outcome) == []

    async def test_moves_that_only_made_room_are_left_alone(self) -> None:
        world = World()
        long = "a" + "0" * 47 + "V"
        await world.given(
            created(PROJECT),
            added(SLIDE, PROJECT, "slide"),
            added(TEXT, PROJECT, "text", parent=SLIDE, rank=long, content={"text": "A"}),
            added(HEADING, PROJECT, "text", parent=SLIDE, rank=long[:-1] + "W", content={"text": "H"}),
        )
        await world.run(add(parent_id=SLIDE, after_id=TEXT))
        assert world.block(TEXT).rank != long

        outcome = await world.run(UNDO)

        assert [e.originator_id for e in outcome.events] == [NOWHERE, PROJECT]
        assert shown(world).ids == [SLIDE, TEXT, HEADING]

    async def test_the_answer_of_a_repeat_is_the_first_one(self, world: World) -> None:
        await world.run(edit("B"))
        await world.run(edit("C"))
        first = await world.run(UNDO, key=(key := uuid4()))

        again = await world.run(UNDO, key=key)

        assert (again.replayed, again.body, again.events) == (True, first.body, [])
        assert text_of(world, TEXT) == "B"


class TestABatch:
    async def test_it_is_one_step(self, world: World) -> None:
        before = shown(world)
        assert len((await world.run_batch(*ALL)).events) == len(ALL)

        await world.run(UNDO)

        assert shown(world) == before
        assert_nothing(await world.run(UNDO))

    BATCHES: tuple[tuple[Command, ...], ...] = (
        (edit("B"), add("group", parent_id=SLIDE), move(TEXT, parent_id=NOWHERE)),
        (edit("B"), move(TEXT, parent_id=LAST_SLIDE), delete(SLIDE)),
        (RenameProject(project_id=PROJECT, title="S"), move(TEXT, parent_id=LAST_SLIDE), delete(SLIDE)),
        (add(parent_id=SLIDE), edit("more", NOWHERE), move(NOWHERE, parent_id=GROUP)),
        (delete(TEXT), edit("H2", HEADING), UndeleteBlock(project_id=PROJECT, block_id=TEXT)),
        (add("group", parent_id=SLIDE), move(IN_GROUP, parent_id=NOWHERE), delete(GROUP)),
    )

    @pytest.mark.parametrize("batch", BATCHES)
    async def test_what_it_moved_onto_what_it_added_comes_back(
        self, world: World, batch: tuple[Command, ...]
    ) -> None:
        before = shown(world)
        assert (await world.run_batch(*batch)).status == 200

        outcome = await world.run(UNDO)

        assert (shown(world), conflicts(outcome)) == (before, [])

    async def test_an_undo_is_refused_after_changes_in_the_same_batch(self, world: World) -> None:
        await world.run(edit("B"))

        outcome = await world.run_batch(edit("C"), UNDO)

        assert (outcome.status, outcome.fields, outcome.body["index"]) == (422, ["project_id"], 1)

    async def test_an_undo_and_what_follows_in_a_batch_are_two_steps(self, world: World) -> None:
        await world.run(edit("B"))
        await world.run_batch(UNDO, edit("in B", IN_GROUP), edit("H2", HEADING))
        assert [text_of(world, b) for b in (TEXT, IN_GROUP, HEADING)] == ["A", "in B", "H2"]

        await world.run(UNDO)

        assert [text_of(world, b) for b in (TEXT, IN_GROUP, HEADING)] == ["A", "in", "H"]
        assert_nothing(await world.run(UNDO))

    async def test_many_blocks_are_undone_in_few_reads(self, world: World) -> None:
        before = shown(world)
        blocks = [uuid4() for _ in range(150)]
        await world.run_batch(*(add(block=b, parent_id=SLIDE) for b in blocks))
        await world.run_batch(*(edit("B", b) for b in blocks), edit("B"))
        reads = 0

        def count(_: UUID) -> None:
            nonlocal reads
            reads += 1

        world.log.on_read = count
        other = world.process()
        first = await other.run(UNDO)
        second = await other.run(UNDO)

        assert reads < 40
        assert (len(first.events), len(second.events)) == (152, 151)
        assert shown(world) == before
        # So many streams are not told one by one.
        assert [s["id"] for s in second.body["streams"]] == [str(PROJECT)]
        assert second.body["result"]["blocks"] == 150


class TestWhichStep:
    async def test_repeating_it_walks_back(self, world: World) -> None:
        for text in "BCD":
            await world.run(edit(text))
        seen = []
        for _ in range(3):
            await world.run(UNDO)
            seen.append(text_of(world, TEXT))

        assert seen == ["C", "B", "A"]
        assert_nothing(await world.run(UNDO))

    async def test_two_moves_of_one_block_are_walked_back_without_a_conflict(self, world: World) -> None:
        before = shown(world)
        await world.run(move(TEXT, parent_id=GROUP))
        await world.run(move(TEXT, parent_id=LAST_SLIDE))

        outcomes = [await world.run(UNDO), await world.run(UNDO)]

        assert shown(world) == before
        assert [conflicts(o) for o in outcomes] == [[], []]

    async def test_steps_of_others_are_skipped(self, world: World) -> None:
        await world.run(edit("B"))
        await world.run(edit("H2", HEADING), user="edna")

        await world.run(UNDO)

        assert (text_of(world, TEXT), text_of(world, HEADING)) == ("A", "H2")
        assert_nothing(await world.run(UNDO))

    async def test_what_a_machine_does_under_ones_name_is_not_ones_own(self, world: World) -> None:
        await world.run(edit("B"))
        await world.run(edit("H2", HEADING), machine=True)

        await world.run(UNDO)

        assert (text_of(world, TEXT), text_of(world, HEADING)) == ("A", "H2")

    async def test_a_machine_undoes_its_own(self, world: World) -> None:
        await world.run(edit("H2", HEADING), machine=True)
        await world.run(edit("B"))

        await world.run(UNDO, machine=True)

        assert (text_of(world, TEXT), text_of(world, HEADING)) == ("B", "H")

    async def test_what_cannot_be_undone_is_skipped(self, world: World) -> None:
        await world.run(edit("B"))
        for command in (
            GrantAccess(project_id=PROJECT, user="grace", role="viewer"),
            OpenComment(project_id=PROJECT, text="Why?"),
            NameVersion(project_id=PROJECT, name="Draft"),
        ):
            assert (await world.run(command)).events

        await world.run(UNDO)

        assert text_of(world, TEXT) == "A"

    @pytest.mark.parametrize("command", [CreateProject(title="Mine"), ImportMarkdown(text="# A\n\nb\n")])
    async def test_a_beginning_cannot_be_undone(self, world: World, command: Command) -> None:
        made = await world.run(command)
        project = UUID(made.body["project_id"])
        position = made.recorded[0].position

        assert_nothing(await world.run(Undo(project_id=project)))
        outcome = await world.run(Undo(project_id=project, position=position))
        assert (outcome.status, outcome.fields) == (422, ["position"])

    async def test_nothing_done_is_nothing_to_undo(self, world: World) -> None:
        assert_nothing(await world.run(UNDO, user="edna"))

    async def test_the_same_key_of_two_people_names_two_steps(self, world: World) -> None:
        key = uuid4()
        await world.run(edit("B"), key=key)
        await world.run(edit("H2", HEADING), user="edna", key=key)
        await world.run(UNDO)
        assert (text_of(world, TEXT), text_of(world, HEADING)) == ("A", "H2")

        await world.run(UNDO, user="edna")

        assert text_of(world, HEADING) == "H"

    async def test_it_reaches_behind_many_steps_of_others(self, world: World) -> None:
        await world.run(edit("B"), user="edna")
        await world.given(*(edited(HEADING, i, text=str(i)) for i in range(2, 1_300)))

        await world.run(UNDO, user="edna")

        assert text_of(world, TEXT) == "A"


class TestByPosition:
    async def test_a_step_of_somebody_else(self, world: World) -> None:
        did = await world.run(edit("B"))

        outcome = await world.run(undo_at(did.recorded[0].position), user="edna")

        assert text_of(world, TEXT) == "A"
        marker = outcome.events[-1]
        assert isinstance(marker, StepUndone)
        assert marker.author == "ada"
        # It is undone for its author too.
        assert_nothing(await world.run(UNDO))

    async def test_any_position_of_a_step_names_all_of_it(self, world: World) -> None:
        before = shown(world)
        did = await world.run_batch(*ALL)

        await world.run(undo_at(did.recorded[4].position))

        assert shown(world) == before

    async def test_a_long_step_in_the_middle_of_others(self, world: World) -> None:
        before = shown(world)
        blocks = [uuid4() for _ in range(300)]
        did = await world.run_batch(*(add(block=b, parent_id=LAST_SLIDE) for b in blocks))
        await world.run(edit("H2", HEADING), user="edna")

        await world.run(undo_at(did.recorded[150].position))

        assert shown(world).ids == before.ids
        assert text_of(world, HEADING) == "H2"

    async def test_later_steps_stay(self, world: World) -> None:
        first = await world.run(edit("one A"))
        await world.run(edit("one A two"))

        await world.run(undo_at(first.recorded[0].position))

        assert text_of(world, TEXT) == "A two"

    async def test_twice_is_once(self, world: World) -> None:
        did = await world.run(edit("B"))
        await world.run(undo_at(did.recorded[0].position))
        await world.run(edit("B"), user="edna")

        assert_nothing(await world.run(undo_at(did.recorded[0].position)))
        assert text_of(world, TEXT) == "B"

    async def test_an_undo_can_be_undone(self, world: World) -> None:
        await world.run(edit("B"))
        undone = await world.run(UNDO)

        await world.run(undo_at(undone.recorded[0].position), user="edna")
        assert text_of(world, TEXT) == "B"

        await world.run(UNDO)
        assert text_of(world, TEXT) == "A"

    async def test_what_cannot_be_undone_is_refused(self, world: World) -> None:
        did = await world.run(OpenComment(project_id=PROJECT, text="Why?"))

        for position in (1, 2, did.recorded[0].position):
            outcome = await world.run(undo_at(position))
            assert (outcome.status, outcome.fields, outcome.events) == (422, ["position"], [])

    async def test_a_position_of_another_project_is_none_of_this_one(self, world: World) -> None:
        made = await world.run(CreateProject(title="Mine"), user="stranger")

        foreign = await world.run(undo_at(made.recorded[0].position))
        ahead = await world.run(undo_at(here(world) + 10))

        assert (foreign.status, foreign.fields) == (422, ["position"])
        assert foreign.body == ahead.body

    async def test_a_position_and_a_job_are_too_much(self, world: World) -> None:
        outcome = await world.run(Undo(project_id=PROJECT, position=5, job_id=uuid4()))

        assert (outcome.status, outcome.fields) == (422, ["job_id"])


class TestAgainstLaterEdits:
    async def test_words_of_others_stay(self, world: World) -> None:
        await world.run(edit("A quick fox"))
        await world.run(edit("A quick fox jumps"), user="edna")

        outcome = await world.run(UNDO)

        assert text_of(world, TEXT) == "A jumps"
        assert conflicts(outcome) == []

    async def test_what_they_touched_becomes_a_conflict(self, world: World) -> None:
        await world.run(edit("B"))
        await world.run(edit("C"), user="edna")

        outcome = await world.run(UNDO)

        assert text_of(world, TEXT) == "C"
        [conflict] = conflicts(outcome)
        assert (conflict.base, conflict.theirs, conflict.mine) == ("B", "C", "A")
        assert (conflict.theirs_by, conflict.mine_by, conflict.winner) == ("edna", "ada", "theirs")
        assert outcome.body["outcome"] == "merged"
        assert [c["id"] for c in outcome.body["conflicts"]] == [f"{TEXT}.{conflict.originator_version}"]

    async def test_a_block_that_they_edited_is_kept(self, world: World) -> None:
        await world.run(add(parent_id=SLIDE))
        await world.run(edit("new and theirs", NOWHERE), user="edna")

        outcome = await world.run(UNDO)

        assert "theirs" in shown(world).words
        [conflict] = conflicts(outcome)
        assert (conflict.field, conflict.mine, conflict.theirs) == (
            "deleted",
            None,
            {"text": "new and theirs"},
        )
        assert (conflict.theirs_by, conflict.winner) == ("edna", "theirs")

    async def test_a_slide_that_they_put_something_on_is_kept(self, world: World) -> None:
        await world.run(add("slide"))
        theirs = await world.run(add(block=uuid4(), parent_id=NOWHERE, text="theirs"), user="edna")

        outcome = await world.run(UNDO)

        assert theirs.events[0].originator_id in shown(world).ids
        [conflict] = conflicts(outcome)
        assert (conflict.originator_id, conflict.field, conflict.theirs_by) == (NOWHERE, "deleted", "edna")

    async def test_a_block_that_they_moved_stays_there(self, world: World) -> None:
        await world.run(move(TEXT, parent_id=GROUP))
        await world.run(move(TEXT, parent_id=LAST_SLIDE), user="edna")

        outcome = await world.run(UNDO)

        assert world.block(TEXT).parent_id == LAST_SLIDE
        [conflict] = conflicts(outcome)
        assert (conflict.field, conflict.theirs_by, conflict.winner) == ("place", "edna", "theirs")
        assert conflict.mine == {"parent_id": str(SLIDE), "rank": "a0"}

    async def test_nothing_moves_back_onto_a_slide_that_they_deleted(self, world: World) -> None:
        await world.run(move(TEXT, parent_id=LAST_SLIDE))
        await world.run(delete(SLIDE), user="edna")

        outcome = await world.run(UNDO)

        assert TEXT in shown(world).ids
        assert [c.field for c in conflicts(outcome)] == ["place"]

    async def test_a_block_goes_back_out_of_sight(self, world: World) -> None:
        await world.run(delete(GROUP))
        before = shown(world)
        await world.run(move(IN_GROUP, parent_id=SLIDE))

        outcome = await world.run(UNDO)

        assert (shown(world), conflicts(outcome)) == (before, [])

    async def test_but_not_with_words_of_others(self, world: World) -> None:
        await world.run(delete(GROUP))
        await world.run(move(IN_GROUP, parent_id=SLIDE))
        await world.run(edit("in and theirs", IN_GROUP), user="edna")

        outcome = await world.run(UNDO)

        assert "theirs" in shown(world).words
        assert [c.field for c in conflicts(outcome)] == ["place"]

    async def test_nor_with_words_of_others_in_it(self, world: World) -> None:
        await world.run(delete(SLIDE))
        await world.run(move(GROUP, parent_id=LAST_SLIDE))
        await world.run(edit("in and theirs", IN_GROUP), user="edna")

        outcome = await world.run(UNDO)

        assert "theirs" in shown(world).words
        assert [c.field for c in conflicts(outcome)] == ["place"]

    async def test_what_came_back_and_was_edited_then_does_not_go_again(self, world: World) -> None:
        await world.run(delete(SLIDE), user="edna")
        await world.run(UndeleteBlock(project_id=PROJECT, block_id=SLIDE))
        await world.run(edit("A and theirs"), user="edna")

        outcome = await world.run(UNDO)

        assert "theirs" in shown(world).words
        [conflict] = conflicts(outcome)
        assert (conflict.originator_id, conflict.field, conflict.theirs_by) == (SLIDE, "deleted", "edna")

    async def test_a_title_and_a_theme_chosen_since_stay(self, world: World) -> None:
        await world.run_batch(
            RenameProject(project_id=PROJECT, title="B"), ApplyTheme(project_id=PROJECT, theme_id=THEMES[0])
        )
        await world.run(RenameProject(project_id=PROJECT, title="Theirs"), user="edna")

        await world.run(UNDO)

        assert (world.project().title, world.project().theme_id) == ("Theirs", None)

    async def test_no_more_comes_back_than_the_project_can_hold(self) -> None:
        world = World()
        slides = [uuid4() for _ in range(199)]
        await world.given(created(PROJECT), *(added(s, PROJECT, "slide") for s in slides))
        await world.run(add("slide", SLIDE))
        await world.run(delete(SLIDE))
        await world.run(add("slide"), user="ada", machine=True)

        outcome = await world.run(UNDO)

        assert (outcome.status, outcome.fields) == (422, ["project_id"])
        assert outcome.body["errors"][0]["limit"] == 200


class TestAJob:
    JOB = uuid4()

    @pytest.fixture
    async def generated(self, world: World) -> World:
        """A job's slide."""
        await world.given(asked(self.JOB, PROJECT))
        await world.run(add("slide"), user="bot", job=self.JOB)
        return world

    @pytest.fixture(autouse=True)
    async def bot(self, world: World) -> None:
        await world.run(GrantAccess(project_id=PROJECT, user="bot", role="editor"))

    def undo(self) -> Undo:
        return Undo(project_id=PROJECT, job_id=self.JOB)

    async def test_all_that_it_did_is_taken_back(self, generated: World) -> None:
        before = shown(generated, position=here(generated) - 1)
        text = uuid4()
        await generated.run(add(block=text, parent_id=NOWHERE), user="bot", job=self.JOB)
        await generated.run(edit("H2", HEADING), user="edna")
        await generated.run(edit("newer", text), user="bot", job=self.JOB)

        outcome = await generated.run(self.undo())

        assert shown(generated).ids == before.ids
        assert conflicts(outcome) == []
        assert text_of(generated, HEADING) == "H2"
        assert outcome.body["result"]["step"] == str(self.JOB)
        assert_nothing(await generated.run(self.undo()))

    async def test_what_people_edited_is_kept_and_the_slide_below_it(self, generated: World) -> None:
        text, plain = uuid4(), uuid4()
        await generated.run(add(block=text, parent_id=NOWHERE), user="bot", job=self.JOB)
        await generated.run(add(block=plain, parent_id=NOWHERE), user="bot", job=self.JOB)
        await generated.run(edit("new and mine", text), user="edna")
        await generated.run(edit("newer and mine", text), user="bot", job=self.JOB)

        outcome = await generated.run(self.undo())

        ids = shown(generated).ids
        assert (NOWHERE in ids, text in ids, plain in ids) == (True, True, False)
        assert text_of(generated, text) == "new and mine"
        assert {c.originator_id: c.theirs_by for c in conflicts(outcome)} == {NOWHERE: "edna", text: "edna"}

    async def test_many_blocks_of_a_job(self, generated: World) -> None:
        before = shown(generated, position=here(generated) - 1)
        texts = [uuid4() for _ in range(30)]
        for text in texts:
            await generated.run(add(block=text, parent_id=NOWHERE), user="bot", job=self.JOB)
        await generated.run(edit("new and mine", texts[3]), user="edna")
        await generated.run(edit("theirs", texts[4]), user="bot", job=self.JOB)

        outcome = await generated.run(self.undo())

        assert shown(generated).ids == [*before.ids, NOWHERE, texts[3]]
        assert {c.originator_id for c in conflicts(outcome)} == {NOWHERE, texts[3]}

    async def test_a_job_of_another_project_is_not_found(self, world: World) -> None:
        other = uuid4()
        await world.given(asked(other, NOWHERE), project=NOWHERE)

        for job in (other, uuid4()):
            outcome = await world.run(Undo(project_id=PROJECT, job_id=job))
            assert (outcome.status, outcome.events) == (404, [])

    async def test_what_it_did_meanwhile_is_taken_back_by_asking_again(self, generated: World) -> None:
        await generated.run(self.undo())
        await generated.run(edit("by the bot"), user="bot", job=self.JOB)

        await generated.run(self.undo())

        assert text_of(generated, TEXT) == "A"


class TestRights:
    @pytest.mark.parametrize("user", ["carl", "vera"])
    @pytest.mark.parametrize("command", [UNDO, undo_at(8)])
    async def test_it_needs_an_editor(self, world: World, command: Undo, user: str) -> None:
        assert (await world.run(command, user=user)).status == 403

    async def test_an_archived_project_stays_as_it_is(self, world: World) -> None:
        await world.run(edit("B"))
        await world.given(archived(PROJECT, 5))

        assert (await world.run(UNDO)).status == 403


class TestSeveralProcesses:
    @pytest.mark.parametrize("command", STEPS.values(), ids=STEPS)
    @pytest.mark.parametrize("named", [True, False])
    async def test_one_with_an_old_cache_undoes_rightly(
        self, world: World, command: Command, *, named: bool
    ) -> None:
        other = world.process()
        await other.read_all()
        before = shown(world)
        did = await world.run(command)

        await other.run(undo_at(did.recorded[-1].position) if named else UNDO)

        assert shown(world) == before

    async def test_two_undos_at_once_undo_two_steps(self) -> None:
        world = World(MeddledLog())
        await world.given(*shared_deck())
        await world.run(edit("B"))
        await world.run(edit("C"))
        other = world.process()
        assert isinstance(world.log, MeddledLog)
        world.log.meddling.append(lambda: other.run(UNDO))

        await world.run(UNDO)

        assert text_of(world, TEXT) == "A"

    async def test_an_edit_in_between_stays(self) -> None:
        world = World(MeddledLog())
        await world.given(*shared_deck())
        await world.run(edit("A quick fox"))
        other = world.process()
        assert isinstance(world.log, MeddledLog)
        world.log.meddling.append(lambda: other.run(edit("A quick fox jumps"), user="edna"))

        await world.run(UNDO)

        assert text_of(world, TEXT) == "A jumps"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(changing(), min_size=1, max_size=3), min_size=1, max_size=8))
async def test_undoing_all_that_one_did_alone_brings_back_the_beginning(steps: list[list[Command]]) -> None:
    world = World()
    await world.given(*shared_deck())
    states = [shown(world)]
    for step in steps:
        outcome = await (world.run_batch(*step) if len(step) > 1 else world.run(*step))
        if any(isinstance(e, UNDOABLE) for e in outcome.events):
            states.append(shown(world))

    while states:
        assert shown(world) == states.pop()
        outcome = await world.run(UNDO)
        assert not any(isinstance(e, BlockEditConflicted) for e in outcome.events)
    assert_nothing(outcome)


def _words(i: int) -> st.SearchStrategy[str]:
    known = [f"w{i}x{k}" for k in range(6)]
    return st.lists(st.sampled_from(known), max_size=5).map(" ".join)


@settings(deadline=None, max_examples=60)
@given(st.data())
async def test_no_word_of_others_is_lost_by_undoing(data: st.DataObject) -> None:
    world = World()
    await world.given(*shared_deck())
    for command in data.draw(st.lists(changing(texts=_words(0)), min_size=1, max_size=6)):
        await world.run(command)
    for command in data.draw(st.lists(changing(texts=_words(1)), min_size=1, max_size=6)):
        await world.run(command, user="edna")
    theirs = {w for w in shown(world).words if w.startswith("w1")}

    kept: set[str] = set()
    for _ in range(data.draw(st.integers(1, 6))):
        outcome = await world.run(UNDO)
        assert outcome.status == 200
        for conflict in conflicts(outcome):
            kept |= set(str([conflict.base, conflict.theirs, conflict.mine]).replace("'", " ").split())

    assert theirs <= shown(world).words | kept
    assert all(isinstance(e, BlockEvent | StepUndone) or e.KIND == "project" for e in outcome.events)
