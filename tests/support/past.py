"""What a project shows, at any position, folded from the log alone; and commands that change it at random."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from commands.messages import (
    AddBlock,
    ApplyTheme,
    Command,
    DeleteBlock,
    EditBlock,
    MoveBlock,
    RenameProject,
    UndeleteBlock,
)
from commands.ports import Append, AppendOutcome
from domain.block import BlockEvent
from domain.documents import Deck
from domain.events import Recorded
from domain.theme import BUILT_IN
from tests.support.memory_log import InMemoryEventLog
from tests.support.scenario import PROJECT, World, shared_deck

THEMES = sorted(BUILT_IN)
NEW = UUID("0d5f7e0a-8c0e-4f43-9a3c-5f1f2b8f6a10")


@dataclass(frozen=True)
class Shown:
    """What readers see of a project: title, theme, and its blocks in order, each with what it stands on."""

    title: str
    theme_id: str | None
    blocks: list[tuple[UUID, UUID | None, str, dict[str, Any]]]

    @property
    def ids(self) -> list[UUID]:
        return [b[0] for b in self.blocks]

    @property
    def words(self) -> set[str]:
        return {word for b in self.blocks for word in str(b[3].get("text", "")).split()}


@dataclass
class MeddledLog(InMemoryEventLog):
    """A log to which others append, once, right before what somebody has decided is appended.

    Or, for `meddling_reads`, right after somebody has read a project's structure.
    """

    meddling: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)
    meddling_reads: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    async def append(self, request: Append) -> AppendOutcome:
        if self.meddling:
            await self.meddling.pop()()
        return await super().append(request)

    async def structure(self, project_id: UUID, after: int) -> tuple[Sequence[Recorded], int]:
        found = await super().structure(project_id, after)
        if self.meddling_reads:
            await self.meddling_reads.pop()()
        return found


def deck(world: World, project: UUID = PROJECT, position: int | None = None) -> Deck:
    found = Deck()
    for r in world.log.events:
        if r.project_id == project and (position is None or r.position <= position):
            found.apply(r)
    return found


def shown(world: World, project: UUID = PROJECT, position: int | None = None) -> Shown:
    found = deck(world, project, position)
    assert found.project is not None
    blocks = [(b.block_id, b.parent_id, b.type, b.content) for b in found.shown()]
    return Shown(found.project.title, found.project.theme_id, blocks)


def text_of(world: World, block: UUID) -> str:
    found: str = world.block(block).content["text"]
    return found


def blocks_of(project: UUID) -> list[UUID]:
    """The shared deck's blocks, or those of a branch of it, and some that only a run may add."""
    there = [e.originator_id for e in shared_deck() if isinstance(e, BlockEvent)]
    if project != PROJECT:
        there = [uuid5(project, str(b)) for b in there]
    return [*there, *(uuid5(NEW, f"{project} {i}") for i in range(4))]


def changing(
    project: UUID = PROJECT, texts: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Command]:
    """Commands that change what is shown; not all of them are possible at any time."""
    named = st.just(project)
    block = st.sampled_from(blocks_of(project))
    maybe = st.one_of(st.none(), block)
    text = st.sampled_from(["A", "B", "C"]) if texts is None else texts
    return st.one_of(
        st.builds(RenameProject, project_id=named, title=st.sampled_from(["A deck", "B", "C"])),
        st.builds(ApplyTheme, project_id=named, theme_id=st.one_of(st.none(), st.sampled_from(THEMES))),
        *[
            st.builds(
                AddBlock,
                project_id=named,
                type=st.sampled_from(["slide", "group", "text"]),
                block_id=block,
                parent_id=maybe,
                after_id=maybe,
            )
        ]
        * 2,
        *[
            st.builds(
                EditBlock,
                project_id=named,
                block_id=block,
                changes=st.builds(lambda t: {"text": t}, text),
            )
        ]
        * 3,
        *[st.builds(MoveBlock, project_id=named, block_id=block, parent_id=maybe, after_id=maybe)] * 2,
        st.builds(DeleteBlock, project_id=named, block_id=block),
        st.builds(UndeleteBlock, project_id=named, block_id=block),
    )
