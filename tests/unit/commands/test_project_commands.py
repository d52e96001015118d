from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from commands.messages import (
    ArchiveProject,
    CreateProject,
    EditBlock,
    GrantAccess,
    ImportMarkdown,
    RenameProject,
    RevokeAccess,
    UnarchiveProject,
)
from domain.block import BlockAdded
from domain.project import ProjectCreated
from domain.project.aggregate import MEMBERS_LIMIT
from domain.theme import BUILT_IN
from tests.support.making import archived, created, granted, renamed, revoked, unarchived
from tests.support.scenario import PROJECT, SLIDE, TEXT, World


async def test_a_project_is_created_under_the_chosen_id() -> None:
    world, chosen, theme = World(), uuid4(), list(BUILT_IN)[2]

    outcome = await world.run(
        CreateProject(title="A", project_id=chosen, aspect="4:3", theme_id=theme), user="grace"
    )

    assert outcome.events == [created(chosen, "A", owner="grace", aspect="4:3", theme_id=str(theme))]
    assert outcome.body == {
        "position": 1,
        "project_id": str(chosen),
        "streams": [{"id": str(chosen), "kind": "project", "version": 1}],
        "outcome": "applied",
        "conflicts": [],
        "result": {},
    }


async def test_an_id_that_is_left_out_is_made_of_the_command_id() -> None:
    key = uuid4()

    first = await World().run(CreateProject(title="A"), key=key)
    same = await World().run(CreateProject(title="A"), key=key)
    other = await World().run(CreateProject(title="A"), key=uuid4())

    assert first.body["project_id"] == same.body["project_id"] != other.body["project_id"]


@pytest.mark.parametrize("taken", [PROJECT, SLIDE])
@pytest.mark.parametrize("user", ["ada", "stranger"])
async def test_a_chosen_id_that_is_taken_is_refused_and_says_nothing_of_its_owner(
    world: World, taken: UUID, user: str
) -> None:
    key = uuid4()
    command = CreateProject(title="A", project_id=taken)

    outcome = await world.run(command, user=user, key=key)
    again = await world.run(command, user=user, key=key)

    assert (outcome.status, outcome.code, outcome.events) == (409, "already-exists", [])
    assert outcome.body.keys() == {"type", "title", "status", "code", "detail"}
    assert (again.status, again.body, again.replayed) == (409, outcome.body, True)


async def test_rename(world: World) -> None:
    outcome = await world.run(RenameProject(project_id=PROJECT, title="B"), user="edna")

    assert outcome.events == [renamed(PROJECT, 5, "B")]
    assert world.project().title == "B"


async def test_grant_makes_a_member_who_can_act_at_once(world: World) -> None:
    rename = RenameProject(project_id=PROJECT, title="B")
    assert (await world.run(rename, user="grace")).code == "not-found"

    outcome = await world.run(GrantAccess(project_id=PROJECT, user="grace", role="editor"))

    assert outcome.events == [granted(PROJECT, 5, "grace", "editor")]
    assert (await world.run(rename, user="grace")).status == 200


async def test_the_last_owner_can_neither_be_demoted_nor_removed(world: World) -> None:
    demoted = await world.run(GrantAccess(project_id=PROJECT, user="ada", role="editor"))
    removed = await world.run(RevokeAccess(project_id=PROJECT, user="ada"))

    assert (demoted.status, demoted.code, demoted.fields) == (422, "validation", ["role"])
    assert (removed.status, removed.code, removed.fields) == (422, "validation", ["user"])
    assert [*demoted.events, *removed.events] == []


async def test_members_are_limited(world: World) -> None:
    await world.given(*(granted(PROJECT, 0, f"user {i}", "viewer") for i in range(MEMBERS_LIMIT - 4)))

    outcome = await world.run(GrantAccess(project_id=PROJECT, user="grace", role="viewer"))

    assert outcome.status == 422
    [error] = outcome.body["errors"]
    assert (error["field"], error["limit"]) == ("user", MEMBERS_LIMIT)


async def test_a_refusal_for_a_reason_in_the_request_is_not_kept(world: World) -> None:
    key = uuid4()
    assert (await world.run(RevokeAccess(project_id=PROJECT, user="ada"), key=key)).status == 422
    await world.run(GrantAccess(project_id=PROJECT, user="edna", role="owner"))

    outcome = await world.run(RevokeAccess(project_id=PROJECT, user="ada"), key=key)

    assert (outcome.status, outcome.replayed) == (200, False)
    assert outcome.events == [revoked(PROJECT, 6, "ada")]


async def test_revoke_takes_every_right(world: World) -> None:
    outcome = await world.run(RevokeAccess(project_id=PROJECT, user="edna"))

    assert outcome.events == [revoked(PROJECT, 5, "edna")]
    edit = EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": "B"})
    assert (await world.run(edit, user="edna")).code == "not-found"


async def test_a_repeat_is_answered_though_the_caller_has_lost_the_right_by_it(world: World) -> None:
    await world.run(GrantAccess(project_id=PROJECT, user="edna", role="owner"))
    key = uuid4()
    leave = RevokeAccess(project_id=PROJECT, user="ada")
    first = await world.run(leave, key=key)

    for process in (world, world.process()):
        again = await process.run(leave, key=key)
        assert (again.status, again.body, again.replayed) == (200, first.body, True)
    another = await world.run(RevokeAccess(project_id=PROJECT, user="vera"), key=key)
    assert another.code == "idempotency-mismatch"
    assert (await world.run(leave, key=uuid4())).code == "not-found"
    assert (await world.run(leave)).code == "not-found"


async def test_archive_and_unarchive(world: World) -> None:
    shut = await world.run(ArchiveProject(project_id=PROJECT))
    refused = await world.run(RenameProject(project_id=PROJECT, title="B"))
    reopened = await world.run(UnarchiveProject(project_id=PROJECT))
    renaming = await world.run(RenameProject(project_id=PROJECT, title="B"))

    assert shut.events == [archived(PROJECT, 5)]
    assert (refused.status, refused.code) == (403, "forbidden")
    assert reopened.events == [unarchived(PROJECT, 6)]
    assert renaming.status == 200


async def test_unarchiving_is_repeated_as_it_was_answered(world: World) -> None:
    await world.run(ArchiveProject(project_id=PROJECT))
    key = uuid4()
    first = await world.run(UnarchiveProject(project_id=PROJECT), key=key)
    await world.run(ArchiveProject(project_id=PROJECT))

    again = await world.run(UnarchiveProject(project_id=PROJECT), key=key)

    assert (again.body, again.replayed) == (first.body, True)
    assert world.project().archived


async def test_a_text_becomes_a_deck() -> None:
    world = World()

    outcome = await world.run(ImportMarkdown(text="# Rivers\n\nWater.\n\n## Deltas\n\n- silt\n- reeds\n"))

    project = UUID(outcome.body["project_id"])
    first, *blocks = outcome.events
    assert first == created(project, "Rivers")
    assert all(isinstance(b, BlockAdded) and b.project_id == str(project) for b in blocks)
    slides = [b.originator_id for b in blocks if isinstance(b, BlockAdded) and b.type == "slide"]
    assert [n.id for n in world.outline(project).children(None)] == slides
    result = outcome.body["result"]
    assert (result["project_id"], result["slides"], result["blocks"]) == (
        str(project),
        len(slides),
        len(blocks),
    )
    assert outcome.body["position"] == 1 + len(blocks)


async def test_an_imported_deck_can_be_named_and_edited() -> None:
    world = World()
    imported = await world.run(ImportMarkdown(text="# A\n\ntext\n", title="Mine"))
    project = UUID(imported.body["project_id"])
    block = imported.events[-1]

    outcome = await world.run(
        EditBlock(project_id=project, block_id=block.originator_id, changes={"text": "B"})
    )

    assert world.project(project).title == "Mine"
    assert (outcome.status, outcome.body["streams"][0]["version"]) == (200, 2)


@pytest.mark.parametrize("text", ["x" * 400_001, "a\0b"])
async def test_a_text_that_cannot_be_imported_is_refused_by_its_field(text: str) -> None:
    world = World()

    outcome = await world.run(ImportMarkdown(text=text))

    assert (outcome.status, outcome.code, outcome.fields) == (422, "validation", ["text"])
    assert world.log.events == []


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": " A"},
        {"title": "A\n"},
        {"title": "a\0b"},
        {"title": "x" * 201},
        {"title": 7},
        {"title": "A", "aspect": "1:1"},
        {"title": "A", "project_id": "no uuid"},
        {"title": "A", "nonsense": 1},
        {},
    ],
)
def test_a_malformed_command_cannot_be_made(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CreateProject.model_validate(fields)


@pytest.mark.parametrize("role", ["admin", "OWNER", "", None])
def test_only_roles_of_the_contract_can_be_granted(role: object) -> None:
    with pytest.raises(ValidationError):
        GrantAccess.model_validate({"project_id": PROJECT, "user": "grace", "role": role})


async def test_a_created_project_is_the_first_event_of_its_stream() -> None:
    world = World()

    outcome = await world.run(CreateProject(title="A"))

    [event] = outcome.events
    assert isinstance(event, ProjectCreated)
    assert event.originator_version == 1
