"""What one request has read and is about to write.

Commands of an atomic batch see each other's changes through it before anything is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from commands.folding import Loaded
from commands.ports import NO_STREAM, EventQuery, EventWrite, StreamWrite
from commands.recent import Change
from commands.repository import Repository
from domain.block import Block, BlockEvent
from domain.comments import CommentEvent, CommentThread
from domain.documents import Deck
from domain.errors import AlreadyExists, NotFound
from domain.events import Event, Recorded
from domain.job import Job, JobEvent
from domain.outline import Outline
from domain.project import Project, ProjectEvent
from domain.records import record
from domain.theme import Theme, ThemeEvent


@record
class StreamState:
    """A stream as a command left it."""

    id: UUID
    kind: str
    version: int

    def as_json(self) -> dict[str, object]:
        """Render as an entry of an answer's `streams`."""
        return {"id": self.id, "kind": self.kind, "version": self.version}


class UnitOfWork:
    """Reads through to the repository, remembers changes, and says what to append."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._projects: dict[UUID, Project] = {}
        self._blocks: dict[UUID, Block] = {}
        self._themes: dict[UUID, Theme] = {}
        self._threads: dict[UUID, CommentThread] = {}
        self._outlines: dict[UUID, Outline] = {}
        self._jobs: dict[UUID, tuple[Job, str]] = {}
        self._guards: dict[UUID, int] = {}
        self._writes: dict[UUID, tuple[int, StreamWrite]] = {}
        self._last: dict[UUID, int] = {}
        self._written: dict[UUID, int] = {}
        self._stored: dict[UUID, Block] = {}
        self._drafts: dict[tuple[UUID, int], Mapping[str, Any]] = {}
        self._read: dict[UUID, int] = {}
        self.events: list[EventWrite] = []
        # Streams whose ids say what they are of: one that is there already is to be read, not refused.
        self.shared: set[UUID] = set()
        # The position of the latest event among all that was read: what an answer without events refers to.
        self.seen = 0

    async def project(self, project_id: UUID) -> Project:
        """Return a project as this request sees it.

        Raises:
            NotFound: there is none.
        """
        project = self._projects.get(project_id)
        if project is None:
            loaded = await self._repository.project(project_id)
            project = self._projects[project_id] = loaded.state
            self._read[project_id] = project.version
            self.seen = max(self.seen, loaded.position)
        return project

    async def block(self, project_id: UUID, block_id: UUID) -> Block:
        """Return a block of this project as this request sees it.

        Raises:
            NotFound: the project has no such block.
        """
        block = self._blocks.get(block_id)
        if block is None:
            loaded = await self._repository.block(project_id, block_id)
            block = self._blocks[block_id] = self._stored[block_id] = loaded.state
            self._read[block_id] = block.version
            self.seen = max(self.seen, loaded.position)
        elif block.project_id != project_id:
            raise NotFound("no such block")
        return block

    async def theme(self, theme_id: UUID) -> Theme | None:
        """Return a theme of anybody, or a built-in one, as this request sees it; None if there is none."""
        theme = self._themes.get(theme_id)
        if theme is None and (loaded := await self._repository.theme(theme_id)) is not None:
            theme = self._themes[theme_id] = loaded.state
            self.seen = max(self.seen, loaded.position)
        return theme

    async def thread(self, project_id: UUID, thread_id: UUID) -> CommentThread:
        """Return a comment thread of this project as this request sees it.

        Raises:
            NotFound: the project has no such thread.
        """
        thread = self._threads.get(thread_id)
        if thread is None:
            loaded = await self._repository.thread(project_id, thread_id)
            thread = self._threads[thread_id] = loaded.state
            self.seen = max(self.seen, loaded.position)
        elif thread.project_id != project_id:
            raise NotFound("no such thread")
        return thread

    async def block_at(self, block: Block, version: int) -> Block:
        """Return a stored block as it was at an earlier version.

        Raises:
            NotFound: it never was at this version.
        """
        stored = self.stored(block)
        return stored if stored.version == version else await self._repository.block_at(block.id, version)

    async def project_at(self, project_id: UUID, version: int) -> Project:
        """Return a stored project as it was at an earlier version.

        Raises:
            NotFound: it never was at this version.
        """
        return await self._repository.project_at(project_id, version)

    async def deck(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return a whole project as the log has it at a position; None if it did not exist then.

        Without a position it is of now; once the outline was read, as of that: the two then fit each other.
        """
        if position is None:
            position = self._guards.get(project_id)
        return await self._repository.deck(project_id, position)

    async def latest(self, project_id: UUID, block_id: UUID) -> Block:
        """Return a block, not as a cache may still know it, but as the log has it now, with what came here.

        Raises:
            NotFound: the project has no such block.
        """
        if block_id not in self._written:
            self._blocks.pop(block_id, None)
            await self._repository.refresh(block_id)
        return await self.block(project_id, block_id)

    async def job(self, project_id: UUID, job_id: UUID) -> tuple[Job, str]:
        """Return a job of this project as this request sees it, and who asked for it.

        Raises:
            NotFound: the project has no such job.
        """
        known = self._jobs.get(job_id)
        if known is None:
            loaded, requester = await self._repository.job(project_id, job_id)
            known = self._jobs[job_id] = (loaded.state, requester)
            self.seen = max(self.seen, loaded.position)
        return known

    def adopt(self, block: Block) -> None:
        """Take in a block that was read otherwise; what is written to it rests on its version."""
        if block.id not in self._written:
            self._blocks[block.id] = self._stored[block.id] = block

    def written(self, stream_id: UUID) -> int:
        """Return how many events of this request a stream has got so far."""
        return self._written.get(stream_id, 0)

    def pending(self, stream_id: UUID) -> list[Event]:
        """Return the events of this request that a stream has got so far."""
        if stream_id not in self._written:
            return []
        return [written.event for written in self.events if written.event.originator_id == stream_id]

    def drafted(self, base: Block, content: Mapping[str, Any]) -> None:
        """Remember what a command of this request made of an earlier version of a block."""
        self._drafts[base.id, base.version] = content

    def draft(self, base: Block) -> Block:
        """Return an earlier version of a block with what commands of this request have made of it so far.

        A batch is made by somebody who sees his own edits, but not what others did meanwhile.
        """
        content = self._drafts.get((base.id, base.version))
        return base if content is None else replace(base, content=content)

    def changes(self, project_id: UUID) -> bool:
        """Tell whether this request has written to a project so far."""
        return any(write.project_id == project_id for write in self.writes)

    def stored(self, block: Block) -> Block:
        """Return a block as it is in the log, without what this request has done to it."""
        return self._stored.get(block.id, block)

    async def history(self, stream_id: UUID, after_version: int) -> Sequence[Recorded]:
        """Read the stored events of a stream after a version."""
        return await self._repository.history(stream_id, after_version)

    async def changes_since(self, block: Block, version: int) -> Sequence[Change]:
        """Tell what happened to a block in the log after a version."""
        return await self._repository.changes(block.id, version, self.stored(block).version)

    async def read(self, query: EventQuery, limit: int | None = None) -> Sequence[Recorded]:
        """Read stored events, as a query asks for them."""
        return await self._repository.read(query, limit)

    async def outline(self, project_id: UUID) -> Outline:
        """Return the outline as this request sees it; the append will be guarded by it."""
        outline = self._outlines.get(project_id)
        if outline is None:
            shared, as_of = await self._repository.outline(project_id)
            outline = self._outlines[project_id] = shared.state.copy()
            self.seen = max(self.seen, shared.position)
            self._guards[project_id] = as_of
            streams = [stream for stream, (_, w) in self._writes.items() if w.project_id == project_id]
            for written in self.events:
                if written.event.originator_id in streams:
                    outline.apply(written.event)
        return outline

    def begin_project(self, project_id: UUID) -> None:
        """Start the empty outline of a project that this request creates: it needs no guard."""
        self._outlines[project_id] = Outline()

    def record(self, project_id: UUID, command_id: UUID, events: Iterable[Event]) -> list[StreamState]:
        """Take a command's events in; they are visible to what follows in this request.

        Raises:
            AlreadyExists: a stream would begin that this request has written to before.
        """
        changed: dict[UUID, StreamState] = {}
        for event in events:
            stream, version = event.originator_id, event.originator_version
            known = self._writes.get(stream)
            if known is None:
                expected = version - 1 if version > 1 else NO_STREAM
                known = (len(self._writes), StreamWrite(stream, project_id, expected))
                self._writes[stream] = known
            elif version == 1:
                # The log checks a stream's version once a request: this one it would not see.
                raise AlreadyExists("the chosen id is taken")
            self.events.append(EventWrite(known[0], event, command_id))
            self._last[stream] = len(self.events)
            self._written[stream] = self._written.get(stream, 0) + 1
            self._fold(project_id, event)
            changed[stream] = StreamState(stream, event.KIND, version)
        return list(changed.values())

    def _fold(self, project_id: UUID, event: Event) -> None:
        stream = event.originator_id
        if isinstance(event, BlockEvent):
            self._blocks[stream] = Block.evolve(self._blocks.get(stream), event)
            if (outline := self._outlines.get(project_id)) is not None:
                outline.apply(event)
        elif isinstance(event, JobEvent):
            known = self._jobs.get(stream)
            self._jobs[stream] = (Job.evolve(known[0] if known else None, event), known[1] if known else "")
        elif isinstance(event, ProjectEvent):
            self._projects[stream] = Project.evolve(self._projects.get(stream), event)
        elif isinstance(event, ThemeEvent):
            self._themes[stream] = Theme.evolve(self._themes.get(stream), event)
        elif isinstance(event, CommentEvent):
            self._threads[stream] = CommentThread.evolve(self._threads.get(stream), event)

    @property
    def writes(self) -> Sequence[StreamWrite]:
        """The streams to write to, in the order in which they were first touched."""
        return [write for _, write in self._writes.values()]

    @property
    def guards(self) -> Sequence[tuple[UUID, int]]:
        """The outlines that structural decisions of this request rest on."""
        return list(self._guards.items())

    def committed(self, base: int, actor: Mapping[str, Any]) -> None:
        """Hand what was written by an actor, from position `base` + 1 on, to the cache."""
        for written in self.events:
            if isinstance(written.event, BlockEvent):
                self._repository.recent.note(written.event, actor, written.command_id)
        blocks: list[Loaded[Block]] = []
        projects: list[Loaded[Project]] = []
        for stream, nth in self._last.items():
            if (block := self._blocks.get(stream)) is not None:
                blocks.append(Loaded(block, base + nth))
            elif (project := self._projects.get(stream)) is not None:
                projects.append(Loaded(project, base + nth))
        self._repository.committed(blocks, projects)

    async def refresh(self, stream_id: UUID) -> None:
        """Catch the cache up with a stream that turned out to be further on."""
        await self._repository.refresh(stream_id)

    async def stale(self) -> bool:
        """Catch the cache up with the log, and tell whether anything that was read has changed since."""
        versions = [
            (await self._repository.refresh(stream), version) for stream, version in self._read.items()
        ]
        return any(now != then for now, then in versions)
