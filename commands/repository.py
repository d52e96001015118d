"""Loads aggregates for commands, from an in-process cache where that is safe.

A cached aggregate may be stale: every append states the version it was decided on, so a stale one costs a
retry, never a wrong write. Rights are the exception, since an append does not check them: a cached project
is used for at most `rights_max_age` seconds before the log is asked for what came after.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from commands.cache import ENTRY, Bounded, weight
from commands.folding import Loaded, fold_block, fold_project
from commands.loading import block_loader, project_loader
from commands.ports import Clock, Decks, EventLog, EventQuery, Snapshots
from commands.recent import Change, RecentChanges, summed_up
from commands.small import load_job, load_theme, load_thread
from commands.snapshots import NoSnapshots
from domain.block import Block
from domain.comments import CommentThread
from domain.documents import Deck
from domain.errors import NotFound
from domain.events import Recorded
from domain.job import Job
from domain.outline import Outline
from domain.project import Project
from domain.theme import Theme

RIGHTS_MAX_AGE = 0.8
SNAPSHOT_EVERY = 200
CACHE_BYTES = 256 * 2**20
# Bytes of a member of a project, and of a block's place in an outline; measured, roughly.
MEMBER, NODE = 150, 400


@dataclass(frozen=True, slots=True)
class _Checked:
    loaded: Loaded[Project]
    at: float


@dataclass(frozen=True, slots=True)
class _Known:
    outline: Outline
    as_of: int
    position: int


def _block_weight(loaded: Loaded[Block]) -> int:
    return ENTRY + weight(loaded.state.content)


def _project_weight(known: _Checked) -> int:
    return ENTRY + MEMBER * len(known.loaded.state.members)


def _outline_weight(known: _Known) -> int:
    return ENTRY + NODE * len(known.outline)


class Repository:
    """Projects, blocks and outlines, as fresh as each kind has to be."""

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        *,
        snapshots: Snapshots | None = None,
        decks: Decks | None = None,
        snapshot_every: int = SNAPSHOT_EVERY,
        blocks: int = 100_000,
        projects: int = 20_000,
        outlines: int = 2_000,
        cache_bytes: int = CACHE_BYTES,
        rights_max_age: float = RIGHTS_MAX_AGE,
    ) -> None:
        snapshots = snapshots or NoSnapshots()
        self._log = log
        self._clock = clock
        self._decks = decks
        self._rights_max_age = rights_max_age
        self._load_block = block_loader(log, snapshots, snapshot_every)
        self._load_project = project_loader(log, snapshots, snapshot_every)
        self._blocks = Bounded(blocks, cache_bytes // 2, _block_weight)
        # What edits that come late are based on: blocks as they were a few versions ago.
        self._past = Bounded(blocks, cache_bytes // 8, _block_weight)
        self._projects = Bounded(projects, cache_bytes // 8, _project_weight)
        self._outlines = Bounded(outlines, cache_bytes // 4, _outline_weight)
        self.recent = RecentChanges()
        self._asking: dict[UUID, asyncio.Task[Loaded[Project] | None]] = {}

    async def project(self, project_id: UUID) -> Loaded[Project]:
        """Return a project whose rights are at most `rights_max_age` seconds old.

        Raises:
            NotFound: there is none.
        """
        known = self._projects.get(project_id)
        if known is not None and self._clock() - known.at <= self._rights_max_age:
            return known.loaded
        # Many commands meet an entry that has just grown too old: one of them asks for all.
        asking = self._asking.get(project_id)
        if asking is None:
            asking = asyncio.create_task(self._catch_up_project(project_id, known.loaded if known else None))
            self._asking[project_id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(project_id, None))
        loaded = await asyncio.shield(asking)
        if loaded is None:
            raise NotFound("no such project")
        return loaded

    async def _catch_up_project(
        self, project_id: UUID, loaded: Loaded[Project] | None
    ) -> Loaded[Project] | None:
        asked = self._clock()
        if loaded is None:
            loaded = await self._load_project.load(project_id)
        else:
            loaded = fold_project(loaded, await self._log.stream(project_id, loaded.state.version))
        known = self._projects.get(project_id)
        if loaded is not None and (known is None or known.loaded.state.version <= loaded.state.version):
            self._projects.put(project_id, _Checked(loaded, asked))
        return loaded

    async def block(self, project_id: UUID, block_id: UUID) -> Loaded[Block]:
        """Return a block of this project, perhaps not at its latest version.

        Raises:
            NotFound: the project has no such block.
        """
        loaded = self._blocks.get(block_id)
        if loaded is None:
            loaded = await self._load_block.load(block_id)
            if loaded is not None:
                self._keep(loaded)
        if loaded is None or loaded.state.project_id != project_id:
            raise NotFound("no such block")
        return loaded

    async def block_at(self, block_id: UUID, version: int) -> Block:
        """Return a block as it was at one of its versions.

        Raises:
            NotFound: it never was at this version.
        """
        key = (block_id, version)
        loaded = self._past.get(key)
        if loaded is None:
            loaded = await self._load_block.load_at(block_id, version)
            if loaded is None or loaded.state.version != version:
                raise NotFound("no such version of the block")
            self._past.put(key, loaded)
        return loaded.state

    async def project_at(self, project_id: UUID, version: int) -> Project:
        """Return a project as it was at one of its versions.

        Raises:
            NotFound: it never was at this version.
        """
        loaded = await self._load_project.load_at(project_id, version)
        if loaded is None or loaded.state.version != version:
            raise NotFound("no such version of the project")
        return loaded.state

    async def deck(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return a whole project as of a position (None: now); None if it did not exist then."""
        if self._decks is None:
            raise RuntimeError("this process was given no way to read whole projects")
        return await self._decks.at(project_id, position)

    async def theme(self, theme_id: UUID) -> Loaded[Theme] | None:
        """Return a theme of anybody, or a built-in one, as the log has it now; None if there is none."""
        return await load_theme(self._log, theme_id)

    async def job(self, project_id: UUID, job_id: UUID) -> tuple[Loaded[Job], str]:
        """Return a job of this project as the log has it now, and who asked for it.

        Raises:
            NotFound: the project has no such job.
        """
        found = await load_job(self._log, job_id)
        if found is None or found[0].state.project_id != project_id:
            raise NotFound("no such job")
        return found

    async def thread(self, project_id: UUID, thread_id: UUID) -> Loaded[CommentThread]:
        """Return a comment thread of this project as the log has it now.

        Raises:
            NotFound: the project has no such thread.
        """
        loaded = await load_thread(self._log, thread_id)
        if loaded is None or loaded.state.project_id != project_id:
            raise NotFound("no such thread")
        return loaded

    async def outline(self, project_id: UUID) -> tuple[Loaded[Outline], int]:
        """Return a project's outline, not to be changed, and the position up to which it is complete."""
        known = self._outlines.get(project_id)
        outline, as_of, position = (
            (known.outline, known.as_of, known.position) if known else (Outline(), 0, 0)
        )
        recorded, as_of = await self._log.structure(project_id, as_of)
        if recorded:
            outline = outline.copy()
            for r in recorded:
                outline.apply(r.event)
            position = recorded[-1].position
        known = self._outlines.get(project_id)
        if known is None or as_of >= known.as_of:
            self._outlines.put(project_id, _Known(outline, as_of, position))
        return Loaded(outline, position), as_of

    async def refresh(self, stream_id: UUID) -> int | None:
        """Catch a cached aggregate up with the log and return its version; None if it is not cached."""
        if (block := self._blocks.get(stream_id)) is not None:
            recorded = await self._log.stream(stream_id, block.state.version)
            newer = fold_block(block, recorded) or block
            self._keep(newer)
            return newer.state.version
        if (known := self._projects.get(stream_id)) is not None:
            project = await self._catch_up_project(stream_id, known.loaded)
            return project.state.version if project else None
        return None

    async def history(self, stream_id: UUID, after_version: int) -> Sequence[Recorded]:
        """Read a stream's events after a version, for a client that has to rebase."""
        return await self._log.stream(stream_id, after_version)

    async def changes(self, block_id: UUID, after_version: int, to: int) -> Sequence[Change]:
        """Tell what happened to a block after a version, up to version `to` at least."""
        known = self.recent.after(block_id, after_version, to)
        if known is None:
            known = summed_up(await self._log.stream(block_id, after_version))
            self.recent.follow(block_id, known)
        return known

    async def read(self, query: EventQuery, limit: int | None = None) -> Sequence[Recorded]:
        """Read events of the log, as a query asks for them."""
        return await self._log.read(query, limit)

    def _keep(self, loaded: Loaded[Block]) -> None:
        self._keep_after(self._blocks.get(loaded.state.id), loaded)

    def _keep_after(self, current: Loaded[Block] | None, loaded: Loaded[Block]) -> None:
        """Keep a block in place of what is kept of it, unless that is as new."""
        if current is None or current.state.version < loaded.state.version:
            weight = self._blocks.put(loaded.state.id, loaded)
            if current is not None:
                self._past.put((current.state.id, current.state.version), current, weight)

    def committed(self, blocks: Iterable[Loaded[Block]], projects: Iterable[Loaded[Project]]) -> None:
        """Keep what a successful append has made, so that the next command needs no read."""
        for block in blocks:
            held = self._blocks.get(block.state.id)
            self._load_block.written(held.state.version if held else block.state.version - 1, block)
            self._keep_after(held, block)
        for project in projects:
            known = self._projects.get(project.state.id)
            before = known.loaded.state.version if known else project.state.version - 1
            self._load_project.written(before, project)
            if known is None or known.loaded.state.version < project.state.version:
                # The append stated the version, so nothing was missed: these rights are as of now.
                self._projects.put(project.state.id, _Checked(project, self._clock()))
