"""Undo, restore, branch and merge on the real log: of a few blocks by two processes, and of 2,000."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
import pytest
from logs import append_all

from commands.bus import Request
from commands.messages import (
    AddBlock,
    BranchProject,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    MergeBranch,
    MoveBlock,
    Redo,
    RenameProject,
    RestoreProject,
    Undo,
)
from commands.ports import Caller, EventQuery
from domain.block import BlockEvent
from infra.bootstrap import WriteSide, write_side
from infra.settings import Settings
from tests.support.making import added, created, deleted, edited, moved

# The most that a project may hold: 200 slides, and 2,000 blocks in all.
SLIDES, TEXTS = 200, 9
BLOCKS = SLIDES * (1 + TEXTS)


@dataclass
class Writer:
    """One write process."""

    side: WriteSide

    async def run(self, *commands: Command, user: str = "ada") -> dict[str, Any]:
        """Run a command, or a batch of them, that has to succeed; the size of the answer is `bytes`."""
        digest = sha256(b"".join(c.NAME.encode() + c.model_dump_json().encode() for c in commands)).digest()
        request = Request(Caller(user), uuid4(), digest, commands, batch=len(commands) > 1, keyed=True)
        answer = await self.side.bus.run(request)
        assert answer.status < 300, answer.body
        return {**orjson.loads(answer.body), "bytes": len(answer.body)}

    async def shown(self, project: UUID, position: int | None = None) -> tuple[str, list[Any]]:
        deck = await self.side.decks.at(project, position)
        assert deck is not None
        assert deck.project is not None
        return deck.project.title, [(b.block_id, b.parent_id, b.content) for b in deck.shown()]

    async def written(self, after: int) -> int:
        return len(await self.side.log.read(EventQuery(after=after)))


@asynccontextmanager
async def writer(settings: Settings) -> AsyncIterator[Writer]:
    side = write_side(settings)
    await side.start()
    try:
        yield Writer(side)
    finally:
        await side.stop()


@pytest.fixture
async def one(settings: Settings) -> AsyncIterator[Writer]:
    async with writer(settings) as running:
        yield running


@pytest.fixture
async def other(settings: Settings) -> AsyncIterator[Writer]:
    async with writer(settings) as running:
        yield running


def edit(project: UUID, block: UUID, text: str) -> EditBlock:
    return EditBlock(project_id=project, block_id=block, changes={"text": text})


async def test_two_processes_go_back_and_forth(one: Writer, other: Writer) -> None:
    project = UUID((await one.run(CreateProject(title="A deck")))["project_id"])
    slide, text, more = uuid4(), uuid4(), uuid4()
    begun = await one.run(
        AddBlock(project_id=project, type="slide", block_id=slide),
        AddBlock(project_id=project, type="text", block_id=text, parent_id=slide, content={"text": "A"}),
    )
    await other.run(edit(project, text, "B"))
    await one.run(
        edit(project, text, "C"),
        AddBlock(project_id=project, type="text", block_id=more, parent_id=slide, content={"text": "more"}),
        MoveBlock(project_id=project, block_id=text, after_id=more),
        RenameProject(project_id=project, title="B deck"),
    )
    changed = await one.shown(project)

    undone = await other.run(Undo(project_id=project))
    assert (await one.shown(project))[1][1:] == [(text, slide, {"text": "B"})]
    await one.run(Redo(project_id=project))
    assert await one.shown(project) == changed
    await one.run(Undo(project_id=project, position=undone["result"]["position"]))
    await other.run(Undo(project_id=project))
    assert await one.shown(project) == await one.shown(project, begun["position"])

    branch = UUID((await other.run(BranchProject(project_id=project)))["result"]["project_id"])
    await one.run(
        edit(branch, uuid5(branch, str(text)), "A branch"),
        AddBlock(project_id=branch, type="slide"),
    )
    await one.run(edit(project, text, "The A"))
    merged = await other.run(MergeBranch(project_id=project, branch_id=branch))
    assert merged["conflicts"] == []
    _, blocks = await one.shown(project)
    assert (len(blocks), blocks[1][2]) == (3, {"text": "The A branch"})

    restored = await one.run(RestoreProject(project_id=project, to_position=begun["position"]))
    assert await other.shown(project) == await other.shown(project, begun["position"])
    await other.run(RestoreProject(project_id=project, to_position=merged["position"]))
    assert (await other.shown(project))[1] == blocks
    assert restored["outcome"] == "applied"


@pytest.fixture
async def full(one: Writer) -> UUID:
    """A project of as many blocks as there may be."""
    project = uuid4()
    slides = [uuid5(project, str(s)) for s in range(SLIDES)]
    texts = [(s, uuid5(s, str(i))) for s in slides for i in range(TEXTS)]
    content = {"layout": "content", "title": "", "notes": "", "background": None}
    events = [
        created(project),
        *(added(s, project, "slide", rank=f"a{i:03}", content=content) for i, s in enumerate(slides)),
        *(added(t, project, "text", parent=s, content={"text": "some words of a text"}) for s, t in texts),
    ]
    await append_all(one.side.log, project, events, at_once=1_000)
    return project


async def head(one: Writer) -> int:
    return (await one.side.log.head())[0]


async def test_a_full_project_goes_back_and_forth(one: Writer, full: UUID) -> None:
    then = await head(one)
    before = await one.shown(full)
    assert len(before[1]) == BLOCKS
    slides = [b for b, parent, _ in before[1] if parent is None]
    changes: list[BlockEvent] = []
    for block, parent, _ in before[1]:
        if parent is not None:
            changes += (edited(block, 2, text="other words"), moved(block, 3, "a5", slides[0]))
            changes.append(deleted(block, 4))
        else:
            changes.append(moved(block, 2, f"b{block.hex[:5]}1"))
    await append_all(one.side.log, full, changes, at_once=1_000)
    new = [uuid4() for _ in range(TEXTS * SLIDES)]
    await append_all(one.side.log, full, [added(n, full, parent=slides[1]) for n in new], at_once=1_000)
    last = await head(one)
    changed = await one.shown(full)

    restored = await one.run(RestoreProject(project_id=full, to_position=then))

    assert await one.shown(full) == before
    # Each old text is undeleted, edited and moved; each slide is moved, each new text is deleted.
    assert await one.written(last) == SLIDES * TEXTS * 4 + SLIDES + 1
    assert restored["bytes"] < 1_000

    undone = await one.run(Undo(project_id=full))
    assert await one.shown(full) == changed
    assert undone["bytes"] < 1_000
    redone = await one.run(Redo(project_id=full))
    assert await one.shown(full) == before
    assert redone["result"]["blocks"] == SLIDES * (2 * TEXTS + 1)


async def test_a_full_project_is_branched_and_merged(one: Writer, full: UUID) -> None:
    last = await head(one)
    before = await one.shown(full)

    made = await one.run(BranchProject(project_id=full))

    assert await one.written(last) == BLOCKS + 2
    assert made["bytes"] < 1_000
    branch = UUID(made["result"]["project_id"])
    texts = [b for b, parent, _ in before[1] if parent is not None]
    copies = [uuid5(branch, str(t)) for t in texts]
    await append_all(
        one.side.log, branch, [edited(c, 2, text="some new words") for c in copies], at_once=1_000
    )
    gone = [b for b, parent, _ in before[1] if parent is None][: SLIDES // 2]
    for slide in gone[:2]:
        await one.run(DeleteBlock(project_id=branch, block_id=uuid5(branch, str(slide))))
    events = [deleted(uuid5(branch, str(s)), 2) for s in gone[2:]]
    await append_all(one.side.log, branch, events, at_once=1_000)
    theirs = texts[-TEXTS * SLIDES // 4 :]
    await append_all(
        one.side.log, full, [edited(t, 2, text="some lost words") for t in theirs], at_once=1_000
    )

    merged = await one.run(MergeBranch(project_id=full, branch_id=branch))

    assert merged["result"]["blocks"] == len(texts) + len(gone)
    assert merged["result"]["conflicts"] == len(theirs)
    # A few conflicts are told, as are all in the project's list of them.
    assert len(merged["conflicts"]) == 50
    assert merged["bytes"] < 50_000
    assert len((await one.shown(full))[1]) == BLOCKS // 2
    await one.run(Undo(project_id=full))
    assert len((await one.shown(full))[1]) == BLOCKS
