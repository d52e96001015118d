"""Commenting."""

import json
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from commands.messages import (
    AddBlock,
    CreateProject,
    DeleteBlock,
    OpenComment,
    ReplyComment,
    ResolveComment,
)
from domain.comments import REPLIES_LIMIT
from tests.support.making import deleted, opened, reopened, replied, resolved
from tests.support.scenario import HEADING, NOWHERE, PROJECT, SLIDE, TEXT, World

THREAD = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a4f")
SECRET = "a word that no answer holds"


def open_comment(**fields: object) -> OpenComment:
    return OpenComment.model_validate({"project_id": PROJECT, "text": "Why?", **fields})


def reply(text: str = "So.", **fields: object) -> ReplyComment:
    return ReplyComment.model_validate({"project_id": PROJECT, "thread_id": THREAD, "text": text, **fields})


def resolve(**fields: object) -> ResolveComment:
    return ResolveComment.model_validate({"project_id": PROJECT, "thread_id": THREAD, **fields})


@pytest.fixture
async def commented(world: World) -> World:
    await world.given(opened(THREAD, PROJECT, block=TEXT))
    return world


@pytest.mark.parametrize("block", [None, TEXT, SLIDE], ids=["the project", "a text", "a slide"])
async def test_a_comment_is_opened_on_a_block_or_on_the_project(world: World, block: UUID | None) -> None:
    outcome = await world.run(open_comment(block_id=block), user="carl")

    thread = UUID(outcome.body["result"]["thread_id"])
    assert (outcome.status, outcome.events) == (201, [opened(thread, PROJECT, block=block)])
    assert outcome.body["streams"] == [{"id": str(thread), "kind": "comment-thread", "version": 1}]
    assert outcome.recorded[0].project_id == PROJECT


@pytest.mark.parametrize("taken", [THREAD, PROJECT, TEXT])
async def test_an_id_can_be_chosen_once(commented: World, taken: UUID) -> None:
    outcome = await commented.run(open_comment(thread_id=taken))

    assert (outcome.status, outcome.code, outcome.events) == (409, "already-exists", [])


async def test_a_chosen_id_is_the_threads(world: World) -> None:
    outcome = await world.run(open_comment(thread_id=THREAD))

    assert outcome.body["result"] == {"thread_id": str(THREAD)}


async def test_a_comment_needs_a_block_that_is_there(world: World) -> None:
    await world.given(deleted(HEADING, 2))

    gone = await world.run(open_comment(block_id=HEADING))
    absent = await world.run(open_comment(block_id=NOWHERE))

    assert (gone.status, gone.fields) == (422, ["block_id"])
    assert (absent.status, absent.code) == (404, "not-found")
    assert [*gone.events, *absent.events] == []


async def test_replies_are_taken_by_the_thread_also_when_it_is_resolved(commented: World) -> None:
    first = await commented.run(reply(), user="carl")
    await commented.run(resolve())
    second = await commented.run(reply("Still."), user="edna")

    ids = [UUID(o.body["result"]["reply_id"]) for o in (first, second)]
    assert (first.status, first.events) == (201, [replied(THREAD, 2, ids[0])])
    assert second.events == [replied(THREAD, 4, ids[1], "Still.")]
    assert ids[0] != ids[1]


async def test_a_thread_is_resolved_and_opened_again(commented: World) -> None:
    settled = await commented.run(resolve(), user="carl")
    again = await commented.run(resolve(), user="edna")
    reopening = await commented.run(resolve(resolved=False), user="edna")

    assert (settled.status, settled.events) == (200, [resolved(THREAD, 2)])
    assert (again.body["outcome"], again.events) == ("unchanged", [])
    assert reopening.events == [reopened(THREAD, 3)]


@pytest.mark.parametrize("command", [reply(), resolve()], ids=["reply", "resolve"])
async def test_a_thread_of_another_project_is_not_found(
    commented: World, command: ReplyComment | ResolveComment
) -> None:
    mine = await commented.run(CreateProject(title="Mine"), user="stranger")

    foreign = await commented.run(
        command.model_copy(update={"project_id": UUID(mine.body["project_id"])}), user="stranger"
    )
    absent = await commented.run(command.model_copy(update={"thread_id": NOWHERE}))
    block = await commented.run(command.model_copy(update={"thread_id": TEXT}))

    for outcome in (foreign, absent, block):
        assert (outcome.status, outcome.code, outcome.events) == (404, "not-found", [])
        assert outcome.body == foreign.body


async def test_a_viewer_only_reads(commented: World) -> None:
    for command in (open_comment(), reply(), resolve()):
        assert (await commented.run(command, user="vera")).code == "forbidden"


async def test_replies_are_limited(commented: World) -> None:
    await commented.given(*(replied(THREAD, 0, uuid4()) for _ in range(REPLIES_LIMIT - 1)))
    assert (await commented.run(reply())).status == 201

    outcome = await commented.run(reply())

    [error] = outcome.body["errors"]
    assert (outcome.status, error["field"], error["limit"]) == (422, "thread_id", REPLIES_LIMIT)
    # It can be settled all the same.
    assert (await commented.run(resolve())).status == 200


async def test_a_batch_adds_a_block_comments_on_it_and_replies(world: World) -> None:
    block = uuid4()

    outcome = await world.run_batch(
        AddBlock(project_id=PROJECT, type="slide", block_id=block),
        open_comment(block_id=block, thread_id=THREAD),
        reply(),
        reply("Again."),
        resolve(),
    )

    assert outcome.status == 200
    assert [e.originator_version for e in outcome.events[1:]] == [1, 2, 3, 4]
    replies = [r["result"]["reply_id"] for r in outcome.body["results"][2:4]]
    assert len(set(replies)) == 2


async def test_a_batch_cannot_comment_on_what_it_deletes(world: World) -> None:
    outcome = await world.run_batch(
        DeleteBlock(project_id=PROJECT, block_id=TEXT), open_comment(block_id=TEXT)
    )

    assert (outcome.status, outcome.body["index"], outcome.events) == (422, 1, [])


async def test_a_batch_cannot_reply_from_another_project(world: World) -> None:
    mine = UUID((await world.run(CreateProject(title="Mine"))).body["project_id"])

    outcome = await world.run_batch(open_comment(thread_id=THREAD), reply(project_id=mine))

    assert (outcome.status, outcome.body["index"], outcome.events) == (404, 1, [])


async def test_no_answer_holds_what_was_written(commented: World) -> None:
    """Answers are kept for a repeat, where nothing could be shredded."""
    outcomes = [
        await commented.run(open_comment(text=SECRET, thread_id=uuid4()), key=uuid4()),
        await commented.run(open_comment(text=SECRET, thread_id=THREAD), key=uuid4()),
        await commented.run(reply(SECRET), key=uuid4()),
        await commented.run_batch(reply(SECRET), reply(SECRET), key=uuid4()),
    ]

    assert [o.status for o in outcomes] == [201, 409, 201, 200]
    assert not [o for o in outcomes if SECRET in json.dumps(o.body)]
    assert not [r for r in commented.log.requests if SECRET.encode() in r.body]


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "x" * 10_001, "a\0b", "a\x1bb", 7, None])
def test_a_text_that_cannot_be_a_comment_is_refused(text: object) -> None:
    for command in (open_comment, reply):
        with pytest.raises(ValidationError):
            command(text=text)  # type: ignore[operator]


@pytest.mark.parametrize("text", ["x", "x" * 10_000, "two\nlines\r\n\tindented", " spaced ", "\N{SNOWMAN}"])
def test_a_text_may_have_lines(text: str) -> None:
    assert open_comment(text=text).text == reply(text).text == text
