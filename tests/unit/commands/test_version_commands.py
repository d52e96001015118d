"""Naming versions."""

from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from commands.messages import AddBlock, CreateProject, EditBlock, NameVersion, RenameProject
from domain.project.aggregate import VERSIONS_LIMIT
from tests.support.making import created, edited, version_named
from tests.support.scenario import PROJECT, TEXT, World


def name(text: str = "Final", **more: object) -> NameVersion:
    return NameVersion.model_validate({"project_id": PROJECT, "name": text, **more})


async def test_without_a_position_the_latest_state_is_named(world: World) -> None:
    await world.given(edited(TEXT, 2, text="B"))
    await world.given(created(UUID(int=9)), project=UUID(int=9))

    outcome = await world.run(name(), user="edna")

    result = outcome.body["result"]
    assert (outcome.status, result["position"]) == (201, 11)
    assert outcome.events == [version_named(PROJECT, 5, result["version_id"], "Final", 11)]


async def test_a_version_of_the_past_can_be_named(world: World) -> None:
    outcome = await world.run(name(position=6))

    [event] = outcome.events
    assert event == version_named(PROJECT, 5, outcome.body["result"]["version_id"], "Final", 6)


async def test_any_position_that_the_log_has_reached_will_do(world: World) -> None:
    """Such as the one as of which a client has read the project: others have written since."""
    await world.given(created(UUID(int=9)), project=UUID(int=9))

    assert (await world.run(name(position=11))).status == 201
    [refused] = (await world.run(name(position=13))).body["errors"]
    assert (refused["field"], refused["limit"]) == ("position", 12)
    assert "ahead of the log" in refused["message"]


async def test_a_position_before_the_projects_first_event_is_refused(world: World) -> None:
    made = await world.run(CreateProject(title="Younger"))
    project = UUID(made.body["project_id"])

    outcome = await world.run(name(project_id=project, position=10))

    [error] = outcome.body["errors"]
    assert (outcome.status, error["field"], error["limit"]) == (422, "position", 11)
    assert outcome.events == []
    assert (await world.run(name(project_id=project, position=11))).status == 201


async def test_names_may_repeat_and_ids_tell_versions_apart(world: World) -> None:
    first, second = await world.run(name()), await world.run(name())

    assert first.body["result"]["version_id"] != second.body["result"]["version_id"]
    assert world.project().versions == 2


async def test_a_repeat_names_the_same_version(world: World) -> None:
    key = uuid4()
    first, again = await world.run(name(), key=key), await world.run(name(), key=key)

    assert (again.replayed, again.body) == (True, first.body)
    assert world.project().versions == 1


async def test_a_batch_can_name_what_was_before_it_changes_anything(world: World) -> None:
    outcome = await world.run_batch(name("Before"), RenameProject(project_id=PROJECT, title="B"))

    assert outcome.status == 200
    assert outcome.body["results"][0]["result"]["position"] == 10


async def test_after_changes_of_its_own_a_batch_has_to_say_which_state_it_means(world: World) -> None:
    edit = EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": "B"})

    refused = await world.run_batch(edit, name())
    named = await world.run_batch(edit, name(position=10))

    assert (refused.status, refused.body["index"], refused.fields) == (422, 1, ["position"])
    assert refused.events == []
    assert named.status == 200


async def test_a_project_of_the_same_batch_has_no_version_to_name() -> None:
    world, project = World(), uuid4()
    begin = CreateProject(title="A", project_id=project)

    for naming in (name(project_id=project), name(project_id=project, position=1)):
        outcome = await world.run_batch(begin, AddBlock(project_id=project, type="slide"), naming)
        assert (outcome.status, outcome.fields) == (422, ["position"])


async def test_named_versions_are_limited(world: World) -> None:
    await world.given(
        *(version_named(PROJECT, 0, str(uuid4()), f"V{i}", 10) for i in range(VERSIONS_LIMIT - 1))
    )
    assert (await world.run(name())).status == 201

    outcome = await world.run(name())

    [error] = outcome.body["errors"]
    assert (outcome.status, error["field"], error["limit"]) == (422, "project_id", VERSIONS_LIMIT)


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 101}, {"name": " A"}, {"name": "a\nb"}, {"position": 0}, {"position": "7"}],
)
def test_a_malformed_name_cannot_be_given(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NameVersion.model_validate({"project_id": PROJECT, "name": "A", **fields})
