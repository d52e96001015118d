"""Whatever several processes do to one deck: the log tells what the answers said, and nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.messages import (
    AddBlock,
    ArchiveProject,
    Command,
    DeleteBlock,
    EditBlock,
    GrantAccess,
    MoveBlock,
    RenameProject,
    RevokeAccess,
    UnarchiveProject,
    UndeleteBlock,
)
from domain.block import Block, BlockEditConflicted, BlockEvent
from domain.events import Recorded
from domain.outline import Outline
from domain.project import Project, ProjectEvent
from domain.roles import Role
from tests.support.scenario import PROJECT, Outcome, Process, World, shared_deck

PROCESSES = 3
KEYS = UUID("0d5f7e0a-8c0e-4f43-9a3c-5f1f2b8f6a10")
# Blocks of the deck by their numbers, some of which only a run may add.
BLOCKS = [e.originator_id for e in shared_deck() if isinstance(e, BlockEvent)]
BLOCKS += [uuid5(KEYS, f"block {i}") for i in range(4)]

block = st.sampled_from(BLOCKS)
maybe = st.one_of(st.none(), block)
texts = st.sampled_from(["A", "B", "C"])
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(RenameProject, project_id=st.just(PROJECT), title=texts),
    st.builds(
        GrantAccess,
        project_id=st.just(PROJECT),
        user=st.sampled_from(["ada", "edna", "grace"]),
        role=st.sampled_from(["owner", "editor", "viewer"]),
    ),
    st.builds(RevokeAccess, project_id=st.just(PROJECT), user=st.sampled_from(["ada", "edna", "grace"])),
    st.builds(ArchiveProject, project_id=st.just(PROJECT)),
    st.builds(UnarchiveProject, project_id=st.just(PROJECT)),
    *[
        st.builds(
            AddBlock,
            project_id=st.just(PROJECT),
            type=st.sampled_from(["slide", "group", "text"]),
            block_id=st.one_of(st.none(), block),
            parent_id=maybe,
            after_id=maybe,
        )
    ]
    * 2,
    *[
        st.builds(
            EditBlock,
            project_id=st.just(PROJECT),
            block_id=block,
            changes=st.builds(lambda text: {"text": text}, texts),
            base_version=st.one_of(st.none(), st.integers(1, 4)),
            on_conflict=st.sampled_from(["merge", "last-write-wins", "reject"]),
        )
    ]
    * 3,
    *[
        st.builds(
            MoveBlock,
            project_id=st.just(PROJECT),
            block_id=block,
            parent_id=maybe,
            after_id=maybe,
            before_id=maybe,
        )
    ]
    * 2,
    st.builds(DeleteBlock, project_id=st.just(PROJECT), block_id=block),
    st.builds(UndeleteBlock, project_id=st.just(PROJECT), block_id=block),
)


@dataclass(frozen=True)
class Post:
    """A request to one of the processes, under one of a few keys so that repeats happen."""

    process: int
    user: str
    key: int
    commands: Sequence[Command]


posts = st.builds(
    Post,
    process=st.integers(0, PROCESSES - 1),
    user=st.sampled_from(["ada", "ada", "ada", "edna", "vera"]),
    key=st.integers(0, 40),
    commands=st.one_of(
        st.lists(commands, min_size=1, max_size=1),
        st.lists(commands, min_size=1, max_size=1),
        st.lists(commands, min_size=2, max_size=4),
    ),
)
# Requests of one round meet each other; those of the next come after.
rounds = st.lists(st.lists(posts, min_size=1, max_size=4), min_size=4, max_size=12)


def command_ids(post: Post) -> list[UUID]:
    key = uuid5(KEYS, str(post.key))
    return [key] if len(post.commands) == 1 else [uuid5(key, str(i)) for i in range(len(post.commands))]


def results(outcome: Outcome) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = outcome.body.get("results", [outcome.body])
    return found


def check_answer(post: Post, outcome: Outcome, log: Sequence[Recorded], given_events: int) -> None:
    """An answer and the log agree on what each command did, where, and at which versions."""
    for command_id, result in zip(command_ids(post), results(outcome), strict=True):
        caused = [r for r in log[given_events:] if r.command_id == command_id and r.actor == post.user]
        assert (result["outcome"] == "unchanged") == (not caused)
        if caused:
            assert result["position"] == caused[-1].position
            last = {str(r.event.originator_id): r.event for r in caused}
            assert result["streams"] == [
                {"id": i, "kind": e.KIND, "version": e.originator_version} for i, e in last.items()
            ]
        assert result["position"] <= len(log)
    if "results" in outcome.body:
        assert outcome.body["position"] == outcome.body["results"][-1]["position"]


def check_log(log: Sequence[Recorded]) -> tuple[Project, dict[UUID, Block]]:
    """The log folds: versions without gaps, owners left, siblings in places of their own."""
    project: Project | None = None
    blocks: dict[UUID, Block] = {}
    outline = Outline()
    versions: dict[UUID, int] = {}
    for position, r in enumerate(log, 1):
        stream = r.event.originator_id
        assert r.position == position
        assert r.event.originator_version == versions.get(stream, 0) + 1
        versions[stream] = r.event.originator_version
        outline.apply(r.event)
        if isinstance(r.event, ProjectEvent):
            assert position == 1 or project is not None
            project = Project.evolve(project, r.event)
            assert project.owners >= 1
        elif isinstance(r.event, BlockEvent):
            known = blocks.get(stream)
            blocks[stream] = Block.evolve(known, r.event)
            # Nothing is done twice: every event changes what it is about, or keeps what could not be had.
            unchanged = known is not None and replace(known, version=known.version + 1) == blocks[stream]
            assert unchanged == isinstance(r.event, BlockEditConflicted)
    assert project is not None
    for parent in [None, *blocks]:
        ranks = [n.rank for n in outline.children(parent)]
        assert len(set(ranks)) == len(ranks)
    for found in blocks.values():
        node = outline.node(found.id)
        assert (node.parent_id, node.rank, node.deleted) == (found.parent_id, found.rank, found.deleted)
        above = blocks[found.parent_id].type if found.parent_id else None
        assert (found.type, above) in {
            ("slide", None),
            ("group", "slide"),
            *((leaf, place) for leaf in ("text", "heading") for place in ("slide", "group")),
        }
    return project, blocks


async def check_caches(
    process: Process, project: Project, blocks: dict[UUID, Block], log: Sequence[Recorded]
) -> None:
    """A process knows the latest of all, or finds it out before it answers."""
    owner = next(user for user, role in project.members.items() if role is Role.OWNER)
    await process.run(UnarchiveProject(project_id=PROJECT), user=owner)
    for found in blocks.values():
        if not found.deleted and "text" in found.content:
            same = EditBlock(project_id=PROJECT, block_id=found.id, changes={"text": found.content["text"]})
            outcome = await process.run(same, user=owner)
            assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])
            assert outcome.body["streams"][0]["version"] == found.version
            read = [r.position for r in log if r.event.originator_id in {PROJECT, found.id}]
            assert outcome.body["position"] == max(read)
    renaming = await process.run(RenameProject(project_id=PROJECT, title=project.title), user=owner)
    assert (renaming.body["outcome"], renaming.events) == ("unchanged", [])


@settings(deadline=None, max_examples=100)
@given(rounds)
async def test_the_log_tells_what_the_answers_said(taken: list[list[Post]]) -> None:
    world = World()
    await world.given(*shared_deck())
    before = len(world.log.events)
    processes = [world.process() for _ in range(PROCESSES)]
    answered: dict[tuple[str, UUID], tuple[Post, Outcome]] = {}

    for posted in taken:
        outcomes = await asyncio.gather(
            *(
                processes[p.process].run(
                    *p.commands, user=p.user, key=uuid5(KEYS, str(p.key)), batch=len(p.commands) > 1
                )
                for p in posted
            )
        )
        for post, outcome in zip(posted, outcomes, strict=True):
            if outcome.raised is None and not outcome.replayed:
                assert (
                    answered.setdefault((post.user, uuid5(KEYS, str(post.key))), (post, outcome))[1]
                    is outcome
                )
        for post, outcome in zip(posted, outcomes, strict=True):
            if outcome.replayed:
                first_post, first = answered[post.user, uuid5(KEYS, str(post.key))]
                assert first_post.commands == post.commands
                assert (outcome.status, outcome.body) == (first.status, first.body)

    log = world.log.events
    applied = {
        (post.user, command_id)
        for post, outcome in answered.values()
        if outcome.status < 400
        for command_id in command_ids(post)
    }
    assert {(r.actor, r.command_id) for r in log[before:]} <= applied
    for post, outcome in answered.values():
        if outcome.status < 400:
            check_answer(post, outcome, log, before)
    project, blocks = check_log(log)
    for process in processes:
        await check_caches(process, project, blocks, log)
