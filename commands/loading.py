"""How an aggregate that is not in memory is loaded: from its events, and from a snapshot if they are many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from commands.folding import Loaded, fold_block, fold_project
from commands.ports import EventLog, EventQuery, Snapshots
from commands.snapshots import BLOCKS, PROJECTS, SnapshotFormat
from domain.block import Block
from domain.events import Recorded
from domain.project import Project

A = TypeVar("A", Block, Project)

Fold = Callable[[Loaded[A] | None, Sequence[Recorded]], Loaded[A] | None]


@dataclass(frozen=True, slots=True)
class Loader(Generic[A]):
    """Loads one kind of aggregate, and has a snapshot taken every so many events."""

    log: EventLog
    snapshots: Snapshots
    every: int
    form: SnapshotFormat[A]
    fold: Fold[A]

    async def load(self, stream_id: UUID) -> Loaded[A] | None:
        """Load an aggregate; None if there is none of this kind."""
        # Few streams are long enough to have a snapshot: the others cost one read and no more.
        first = await self.log.read(EventQuery(stream_id=stream_id), self.every)
        loaded = self.fold(None, first)
        if loaded is None or len(first) < self.every:
            return loaded
        snapshot = self.form.pick(await self.snapshots.latest(stream_id))
        if snapshot is not None and snapshot.state.version > loaded.state.version:
            loaded = snapshot
        behind = loaded.state.version if snapshot is not None else 0
        loaded = self.fold(loaded, await self.log.stream(stream_id, loaded.state.version))
        if loaded is not None and loaded.state.version - behind >= self.every:
            self._offer(loaded)
        return loaded

    async def load_at(self, stream_id: UUID, version: int) -> Loaded[A] | None:
        """Load an aggregate as it was at a version; None if there is none of this kind."""
        snapshot = None
        if version > self.every:
            kept = await self.snapshots.latest(stream_id)
            snapshot = self.form.pick([s for s in kept if s.version <= version])
        after = snapshot.state.version if snapshot is not None else 0
        events = await self.log.read(EventQuery(stream_id=stream_id, after=after, to=version))
        return self.fold(snapshot, events)

    def written(self, before: int, loaded: Loaded[A]) -> None:
        """Have a snapshot taken if the aggregate has come past a multiple of `every` since version `before`."""
        if loaded.state.version // self.every > before // self.every:
            self._offer(loaded)

    def _offer(self, loaded: Loaded[A]) -> None:
        self.snapshots.offer(self.form.take(loaded.state.id, loaded.state.version, loaded))


def block_loader(log: EventLog, snapshots: Snapshots, every: int) -> Loader[Block]:
    """Make the loader of blocks."""
    return Loader(log, snapshots, every, BLOCKS, fold_block)


def project_loader(log: EventLog, snapshots: Snapshots, every: int) -> Loader[Project]:
    """Make the loader of projects."""
    return Loader(log, snapshots, every, PROJECTS, fold_project)
