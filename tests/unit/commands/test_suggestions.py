"""What machines suggested, accepted or refused by people."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.messages import (
    AcceptSuggestion,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    RejectSuggestion,
    SuggestEdit,
)
from domain.block import BlockSuggestionDecided
from tests.support.making import edited
from tests.support.scenario import HEADING, PROJECT, TEXT, Outcome, World


def edit(text: str, **fields: Any) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": text}, **fields)


def accept(suggestion: str) -> AcceptSuggestion:
    return AcceptSuggestion(project_id=PROJECT, suggestion_id=suggestion)


def reject(suggestion: str) -> RejectSuggestion:
    return RejectSuggestion(project_id=PROJECT, suggestion_id=suggestion)


def decided(version: int, *, accepted: bool) -> BlockSuggestionDecided:
    return BlockSuggestionDecided(
        originator_id=TEXT, originator_version=version, suggestion=4, accepted=accepted
    )


def kinds(outcome: Outcome) -> list[str]:
    return [type(event).__name__ for event in outcome.events]


@pytest.fixture
async def suggestion(world: World) -> str:
    """Edna made "brown" red, a machine would make it blue: it is red, and at version 4."""
    await world.run(edit("the quick brown fox jumps"))
    await world.run(edit("the quick red fox jumps"), user="edna")
    outcome = await world.run(edit("the quick blue fox jumps", base_version=2), machine=True)
    found: str = outcome.body["result"]["suggestion_id"]
    assert found == f"{TEXT}.4"
    return found


async def test_an_accepted_suggestion_is_an_edit_of_who_accepts_it(world: World, suggestion: str) -> None:
    outcome = await world.run(accept(suggestion))

    assert kinds(outcome) == ["BlockEdited", "BlockEditConflicted", "BlockSuggestionDecided"]
    assert outcome.events[0] == edited(TEXT, 5, text="the quick blue fox jumps")
    assert outcome.events[2] == decided(7, accepted=True)
    [conflict] = outcome.body["conflicts"]
    assert (outcome.body["outcome"], conflict["theirs"]) == ("merged", "the quick red fox jumps")
    assert conflict["actors"] == {"theirs": "edna", "mine": "ada"}


async def test_what_was_edited_since_stays(world: World, suggestion: str) -> None:
    await world.run(edit("the quick brown fox jumps today"), user="edna")

    outcome = await world.run(accept(suggestion))

    assert outcome.body["outcome"] == "applied"
    assert world.block(TEXT).content == {"text": "the quick blue fox jumps today"}


async def test_what_stands_already_is_accepted_without_an_edit(world: World, suggestion: str) -> None:
    await world.run(edit("the quick blue fox jumps"), user="edna")

    assert (await world.run(accept(suggestion))).events == [decided(6, accepted=True)]


async def test_a_refused_suggestion_changes_nothing(world: World, suggestion: str) -> None:
    outcome = await world.run(reject(suggestion))

    assert (outcome.body["outcome"], outcome.events) == ("applied", [decided(5, accepted=False)])


@pytest.mark.parametrize("first", [accept, reject])
@pytest.mark.parametrize("then", [accept, reject])
async def test_a_suggestion_is_decided_once(world: World, suggestion: str, first: Any, then: Any) -> None:
    await world.run(first(suggestion))

    outcome = await world.run(then(suggestion))

    assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
    assert outcome.body["current"] == world.block(TEXT).document()


async def test_within_a_batch_too(world: World, suggestion: str) -> None:
    outcome = await world.run_batch(accept(suggestion), reject(suggestion))

    assert (outcome.code, outcome.body["index"], outcome.events) == ("version-conflict", 1, [])


async def test_a_repeat_gets_the_first_answer(world: World, suggestion: str) -> None:
    key = uuid4()
    first = await world.run(accept(suggestion), key=key)

    again = await world.process().run(accept(suggestion), key=key)

    assert (again.status, again.body, again.replayed) == (200, first.body, True)


async def test_a_machine_accepts_nothing_but_may_withdraw(world: World, suggestion: str) -> None:
    refused = await world.run(accept(suggestion), machine=True)

    assert (refused.status, refused.code, refused.events) == (403, "forbidden", [])
    assert (await world.run(reject(suggestion), machine=True)).status == 200


async def test_on_a_deleted_block_nothing_is_accepted_but_all_can_be_refused(
    world: World, suggestion: str
) -> None:
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

    refused = await world.run(accept(suggestion))

    assert (refused.status, refused.code, refused.events) == (409, "version-conflict", [])
    assert refused.body["current"]["deleted"]
    assert (await world.run(reject(suggestion))).status == 200


@pytest.mark.parametrize("decide", [accept, reject])
@pytest.mark.usefixtures("suggestion")
class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        "name", [f"{TEXT}.3", f"{TEXT}.5", f"{TEXT}.0", f"{TEXT}", f"{HEADING}.1", f"{PROJECT}.1", "x"]
    )
    async def test_what_names_no_suggestion_is_not_found(self, world: World, decide: Any, name: str) -> None:
        outcome = await world.run(decide(name))

        assert (outcome.status, outcome.body["detail"], outcome.events) == (404, "no such suggestion", [])

    async def test_a_suggestion_of_another_project_is_not_found(self, world: World, decide: Any) -> None:
        mine = await world.run(CreateProject(title="Mine"), user="stranger")
        command: Command = decide(f"{TEXT}.4")

        outcome = await world.run(
            command.model_copy(update={"project_id": UUID(mine.body["project_id"])}), user="stranger"
        )

        assert (outcome.status, outcome.body["detail"]) == (404, "no such suggestion")


def suggest(text: str, base_version: int = 1) -> SuggestEdit:
    changes = {"text": text}
    return SuggestEdit(
        project_id=PROJECT, block_id=TEXT, changes=changes, base_version=base_version, reason="Too long."
    )


async def test_a_machine_suggests_without_changing_anything(world: World) -> None:
    outcome = await world.run(suggest("B"), machine=True)

    assert kinds(outcome) == ["BlockEditSuggested"]
    assert world.block(TEXT).content == {"text": "A"}
    accepted = await world.run(accept(outcome.body["result"]["suggestion_id"]))
    assert accepted.body["outcome"] == "applied"
    assert world.block(TEXT).content == {"text": "B"}


async def test_a_person_edits_and_does_not_suggest(world: World) -> None:
    assert (await world.run(suggest("B"))).code == "forbidden"


async def test_what_was_suggested_before_is_not_suggested_again_also_if_it_was_refused(world: World) -> None:
    first = (await world.run(suggest("B"), machine=True)).body["result"]["suggestion_id"]
    assert (await world.run(suggest("B"), machine=True)).body["outcome"] == "unchanged"
    await world.run(reject(first))
    again = await world.run(suggest("B"), machine=True)
    assert (again.body["outcome"], again.events) == ("unchanged", [])


async def test_what_is_so_already_or_gone_is_not_suggested(world: World) -> None:
    assert (await world.run(suggest("A"), machine=True)).body["outcome"] == "unchanged"
    await world.run(edit("B"))
    assert (await world.run(suggest("B"), machine=True)).body["outcome"] == "unchanged"
    await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))
    assert (await world.run(suggest("C"), machine=True)).body["outcome"] == "unchanged"


async def test_a_suggestion_that_no_block_could_have_is_refused(world: World) -> None:
    command = SuggestEdit(
        project_id=PROJECT, block_id=TEXT, changes={"level": 1}, base_version=1, reason="no text has a level"
    )
    assert (await world.run(command, machine=True)).code == "validation"
