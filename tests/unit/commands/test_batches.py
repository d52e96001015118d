from collections.abc import Sequence
from uuid import UUID, uuid4, uuid5

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
    RevokeAccess,
    UndeleteBlock,
)
from tests.support.making import added, deleted, edited, granted, renamed, undeleted
from tests.support.scenario import GROUP, HEADING, LAST_SLIDE, NOWHERE, PROJECT, SLIDE, TEXT, Outcome, World


def edit(text: str, **fields: object) -> EditBlock:
    return EditBlock.model_validate(
        {"project_id": PROJECT, "block_id": TEXT, "changes": {"text": text}, **fields}
    )


def positions(outcome: Outcome) -> list[int]:
    return [r["position"] for r in outcome.body["results"]]


def outcomes(outcome: Outcome) -> list[str]:
    return [r["outcome"] for r in outcome.body["results"]]


def assert_failed(world: World, outcome: Outcome, index: int, code: str) -> None:
    assert (outcome.code, outcome.body["index"]) == (code, index)
    assert outcome.events == []
    assert len(world.log.events) == 10


async def test_events_stand_in_the_order_of_the_commands_and_results_tell_where(world: World) -> None:
    slide, text, key = uuid4(), uuid4(), uuid4()

    outcome = await world.run_batch(
        RenameProject(project_id=PROJECT, title="B"),
        AddBlock(project_id=PROJECT, type="slide", block_id=slide),
        edit("B"),
        AddBlock(project_id=PROJECT, type="text", block_id=text, parent_id=slide),
        RenameProject(project_id=PROJECT, title="C"),
        key=key,
    )

    assert outcome.status == 200
    assert [(type(e).__name__, e.originator_id, e.originator_version) for e in outcome.events] == [
        ("ProjectRenamed", PROJECT, 5),
        ("BlockAdded", slide, 1),
        ("BlockEdited", TEXT, 2),
        ("BlockAdded", text, 1),
        ("ProjectRenamed", PROJECT, 6),
    ]
    assert [r.position for r in outcome.recorded] == [11, 12, 13, 14, 15]
    assert [r.command_id for r in outcome.recorded] == [uuid5(key, str(i)) for i in range(5)]
    assert {r.metadata["correlation_id"] for r in outcome.recorded} == {str(key)}
    assert outcome.body.keys() == {"position", "results"}
    assert outcome.body["position"] == 15
    assert positions(outcome) == [11, 12, 13, 14, 15]
    assert [r["streams"][0]["version"] for r in outcome.body["results"]] == [5, 1, 2, 1, 6]
    assert outcomes(outcome) == ["applied"] * 5


async def test_commands_see_what_those_before_them_did() -> None:
    world, project, slide, text = World(), uuid4(), uuid4(), uuid4()

    outcome = await world.run_batch(
        CreateProject(title="A", project_id=project),
        GrantAccess(project_id=project, user="edna", role="editor"),
        AddBlock(project_id=project, type="slide", block_id=slide),
        AddBlock(project_id=project, type="text", block_id=text, parent_id=slide, content={"text": "a"}),
        EditBlock(project_id=project, block_id=text, changes={"text": "b"}, base_version=1),
        EditBlock(project_id=project, block_id=text, changes={"text": "b"}, base_version=2),
        DeleteBlock(project_id=project, block_id=text),
        UndeleteBlock(project_id=project, block_id=text),
        MoveBlock(project_id=project, block_id=text, parent_id=slide),
        RenameProject(project_id=project, title="A"),
    )

    slide_content = {"layout": "content", "title": "", "notes": "", "background": None}
    assert outcome.events[1:] == [
        granted(project, 2, "edna", "editor"),
        added(slide, project, "slide", content=slide_content),
        added(text, project, "text", parent=slide, content={"text": "a"}),
        edited(text, 2, text="b"),
        deleted(text, 3),
        undeleted(text, 4),
    ]
    assert outcomes(outcome) == [*["applied"] * 5, "unchanged", *["applied"] * 2, "unchanged", "unchanged"]
    assert positions(outcome) == [1, 2, 3, 4, 5, 5, 6, 7, 7, 7]
    assert (await world.run(RenameProject(project_id=project, title="B"), user="edna")).status == 200


async def test_blocks_of_one_batch_stand_in_their_order(world: World) -> None:
    ids = [uuid4() for _ in range(30)]

    await world.run_batch(
        *(AddBlock(project_id=PROJECT, type="text", block_id=i, parent_id=LAST_SLIDE) for i in ids)
    )

    assert [n.id for n in world.outline().children(LAST_SLIDE)] == ids


async def test_an_outline_that_is_read_late_knows_what_came_before_in_the_batch() -> None:
    world, project, slide = World(), uuid4(), uuid4()
    await world.run(CreateProject(title="A", project_id=project))
    other = world.process()
    await other.run(AddBlock(project_id=project, type="slide", block_id=slide))

    outcome = await world.run_batch(
        UndeleteBlock(project_id=project, block_id=slide),
        EditBlock(project_id=project, block_id=slide, changes={"title": "x"}),
        DeleteBlock(project_id=project, block_id=slide),
        AddBlock(project_id=project, type="text", parent_id=slide),
    )

    assert (outcome.code, outcome.body["index"], outcome.fields) == ("validation", 3, ["parent_id"])


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        (edit("C", base_version=9), "validation"),
        (EditBlock(project_id=PROJECT, block_id=NOWHERE, changes={"text": "x"}), "not-found"),
        (EditBlock(project_id=NOWHERE, block_id=TEXT, changes={"text": "x"}), "not-found"),
        (RevokeAccess(project_id=PROJECT, user="edna"), "forbidden"),
        (AddBlock(project_id=PROJECT, type="slide", block_id=SLIDE), "already-exists"),
        (CreateProject(title="x", project_id=PROJECT), "already-exists"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_one_refusal_refuses_all_and_says_which_it_was(
    world: World, failing: Command, code: str
) -> None:
    before = AddBlock(project_id=PROJECT, type="slide")

    outcome = await world.run_batch(before, edit("B"), failing, edit("D"), user="edna")

    assert_failed(world, outcome, 2, code)


async def test_edits_of_a_batch_may_all_be_based_on_the_block_before_it(world: World) -> None:
    outcome = await world.run_batch(edit("B", base_version=1), edit("C", base_version=1))

    assert outcome.status == 200
    assert outcome.events == [edited(TEXT, 2, text="B"), edited(TEXT, 3, text="C")]


async def test_a_conflict_in_a_batch_shows_the_block_as_it_is_in_the_log(world: World) -> None:
    await world.run(edit("meanwhile"))

    outcome = await world.run_batch(edit("B"), edit("C", base_version=1, on_conflict="reject"))

    assert outcome.body["current"]["version"] == 2
    assert outcome.body["current"]["content"] == {"text": "meanwhile"}
    assert [e["data"] for e in outcome.body["events"]] == [{"changes": {"text": "meanwhile"}}]


async def test_a_batch_that_is_refused_can_be_sent_again_under_its_key(world: World) -> None:
    key = uuid4()
    refused = await world.run_batch(edit("B"), edit("C", base_version=9), key=key)

    outcome = await world.run_batch(edit("B"), edit("C"), key=key)

    assert refused.status == 422
    assert (outcome.status, outcome.replayed) == (200, False)
    assert outcome.events == [edited(TEXT, 2, text="B"), edited(TEXT, 3, text="C")]


@pytest.mark.parametrize(
    "batch",
    [
        [DeleteBlock(project_id=PROJECT, block_id=TEXT), edit("C", on_conflict="reject")],
        [edit("B"), AddBlock(project_id=PROJECT, type="slide", block_id=SLIDE)],
        [edit("B"), CreateProject(title="x", project_id=PROJECT)],
    ],
    ids=["version-conflict", "already-exists", "already-exists by the log"],
)
async def test_a_409_is_kept_with_its_index(world: World, batch: Sequence[Command]) -> None:
    key = uuid4()

    outcome = await world.run_batch(*batch, key=key)
    again = await world.process().run(*batch, key=key, batch=True)

    assert (outcome.status, outcome.body["index"], outcome.events) == (409, 1, [])
    assert (again.status, again.body, again.replayed) == (409, outcome.body, True)


async def test_a_repeat_gets_the_first_answer_with_its_positions(world: World) -> None:
    key = uuid4()
    batch = [RenameProject(project_id=PROJECT, title="A deck"), edit("B"), edit("C")]
    first = await world.run_batch(*batch, key=key)
    await world.run(RenameProject(project_id=PROJECT, title="later"))

    for process in (world.process(), world.process()):
        again = await process.run(*batch, key=key, batch=True)
        assert (again.status, again.body, again.replayed, again.events) == (200, first.body, True, [])
    assert first.body["position"] == 12
    assert positions(first) == [10, 11, 12]


async def test_the_same_commands_alone_are_another_request_than_in_a_batch(world: World) -> None:
    key = uuid4()
    await world.run_batch(edit("B"), key=key)

    assert (await world.run(edit("B"), key=key)).code == "idempotency-mismatch"


async def test_a_batch_that_changes_nothing_refers_to_the_latest_that_it_read(world: World) -> None:
    unchanged = [edit("A"), RenameProject(project_id=PROJECT, title="A deck")]

    outcome = await world.run_batch(*unchanged)

    assert outcome.events == []
    assert (outcome.body["position"], positions(outcome)) == (7, [7, 7])
    assert outcomes(outcome) == ["unchanged", "unchanged"]


async def test_rights_are_those_after_the_commands_before(world: World) -> None:
    await world.run(GrantAccess(project_id=PROJECT, user="edna", role="owner"))

    archiving = await world.run_batch(ArchiveProject(project_id=PROJECT), edit("B"))
    leaving = await world.run_batch(RevokeAccess(project_id=PROJECT, user="ada"), edit("B"))

    assert (archiving.code, archiving.body["index"], archiving.events) == ("forbidden", 1, [])
    assert (leaving.code, leaving.body["index"], leaving.events) == ("not-found", 1, [])


async def test_a_batch_over_two_projects_is_atomic_too(world: World) -> None:
    other = uuid4()

    refused = await world.run_batch(
        CreateProject(title="Other", project_id=other),
        AddBlock(project_id=other, type="slide"),
        AddBlock(project_id=PROJECT, type="text"),
    )
    outcome = await world.run_batch(
        CreateProject(title="Other", project_id=other),
        AddBlock(project_id=other, type="slide"),
        AddBlock(project_id=PROJECT, type="slide"),
    )

    assert (refused.body["index"], refused.events) == (2, [])
    assert [r.project_id for r in outcome.recorded] == [other, other, PROJECT]


class TestAnIdThatTheBatchItselfHasTaken:
    async def test_a_project_is_not_created_twice(self, world: World) -> None:
        project = uuid4()

        outcome = await world.run_batch(
            CreateProject(title="A", project_id=project), CreateProject(title="B", project_id=project)
        )

        assert_failed(world, outcome, 1, "already-exists")

    async def test_an_editor_does_not_become_owner_by_creating_the_project_anew(self, world: World) -> None:
        outcome = await world.run_batch(
            RenameProject(project_id=PROJECT, title="B"),
            CreateProject(title="Mine now", project_id=PROJECT),
            user="edna",
        )

        assert_failed(world, outcome, 1, "already-exists")
        assert world.project().members["edna"].label == "editor"

    async def test_a_project_does_not_take_a_blocks_id(self, world: World) -> None:
        outcome = await world.run_batch(edit("B"), CreateProject(title="A", project_id=TEXT))

        assert_failed(world, outcome, 1, "already-exists")

    async def test_a_block_is_not_added_twice(self, world: World) -> None:
        adding = AddBlock(project_id=PROJECT, type="slide", block_id=uuid4())

        assert_failed(world, await world.run_batch(adding, adding), 1, "already-exists")

    @pytest.mark.parametrize("taken", ["project", "block"])
    async def test_a_block_takes_no_id_of_another_project(self, world: World, taken: str) -> None:
        project = uuid4()
        chosen = project if taken == "project" else TEXT

        outcome = await world.run_batch(
            CreateProject(title="A", project_id=project),
            edit("B"),
            AddBlock(project_id=PROJECT if taken == "project" else project, type="slide", block_id=chosen),
        )

        assert_failed(world, outcome, 2, "already-exists")


async def test_what_is_read_before_is_not_created_over(world: World) -> None:
    outcome = await world.run_batch(
        RenameProject(project_id=PROJECT, title="A deck"), CreateProject(title="x", project_id=PROJECT)
    )

    assert_failed(world, outcome, 1, "already-exists")


async def test_a_batch_decided_on_stale_caches_is_decided_again_as_a_whole(world: World) -> None:
    stale = world.process()
    await stale.read_all()
    await world.run(edit("B"))
    await world.run(RenameProject(project_id=PROJECT, title="B"))
    await world.run(DeleteBlock(project_id=PROJECT, block_id=GROUP))

    outcome = await stale.run(
        edit("A"),
        RenameProject(project_id=PROJECT, title="A deck"),
        MoveBlock(project_id=PROJECT, block_id=HEADING, after_id=TEXT),
        batch=True,
    )

    assert outcome.events == [edited(TEXT, 3, text="A"), renamed(PROJECT, 6, "A deck")]
    assert outcomes(outcome) == ["applied", "applied", "unchanged"]


async def test_a_blocks_foreign_project_is_not_found_in_a_batch_that_knows_the_block(world: World) -> None:
    other = UUID(int=7)

    outcome = await world.run_batch(
        edit("B"),
        CreateProject(title="A", project_id=other),
        EditBlock(project_id=other, block_id=TEXT, changes={"text": "x"}),
    )

    assert_failed(world, outcome, 2, "not-found")
