"""Aggregates as snapshots, and back.

A snapshot only saves reading: whoever finds it of another schema, or broken, reads the stream instead. The
number of a schema goes up whenever its state would be read wrongly by the release before, or by this one.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from commands.folding import Loaded
from commands.ports import Snapshot
from domain.block import Block
from domain.project import Project
from domain.roles import Role

logger = logging.getLogger(__name__)

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SnapshotFormat(Generic[A]):
    """How one kind of aggregate is written down."""

    kind: str
    schema: int
    dump: Callable[[A], dict[str, Any]]
    load: Callable[[UUID, int, Mapping[str, Any]], A]

    def take(self, stream_id: UUID, version: int, loaded: Loaded[A]) -> Snapshot:
        """Take a snapshot."""
        state = self.dump(loaded.state)
        return Snapshot(stream_id, version, self.kind, self.schema, loaded.position, state)

    def pick(self, snapshots: Sequence[Snapshot]) -> Loaded[A] | None:
        """Return the first aggregate that can be made again; None if there is none."""
        for snapshot in snapshots:
            if (snapshot.kind, snapshot.schema) != (self.kind, self.schema):
                found = f"{snapshot.kind} of schema {snapshot.schema}"
                logger.info("ignored the snapshot of %s: it is a %s", snapshot.stream_id, found)
                continue
            try:
                state = self.load(snapshot.stream_id, snapshot.version, snapshot.state)
            except (LookupError, TypeError, ValueError, AttributeError) as broken:
                logger.warning("ignored the snapshot of %s: it is broken: %r", snapshot.stream_id, broken)
                continue
            return Loaded(state, snapshot.position)
        return None


def _dump_block(block: Block) -> dict[str, Any]:
    return {
        "project_id": str(block.project_id),
        "type": block.type,
        "parent_id": str(block.parent_id) if block.parent_id else None,
        "rank": block.rank,
        "content": block.content,
        "deleted": block.deleted,
    }


def _load_block(stream_id: UUID, version: int, state: Mapping[str, Any]) -> Block:
    return Block(
        id=stream_id,
        project_id=UUID(state["project_id"]),
        version=version,
        type=_of(str, state["type"]),
        parent_id=UUID(state["parent_id"]) if state["parent_id"] is not None else None,
        rank=_of(str, state["rank"]),
        content=_of(dict, state["content"]),
        deleted=_of(bool, state["deleted"]),
    )


def _dump_project(project: Project) -> dict[str, Any]:
    return {
        "title": project.title,
        "aspect": project.aspect,
        "theme_id": project.theme_id,
        "members": {user: role.label for user, role in project.members.items()},
        "archived": project.archived,
        "origin_id": str(project.origin_id) if project.origin_id else None,
        "versions": project.versions,
    }


def _load_project(stream_id: UUID, version: int, state: Mapping[str, Any]) -> Project:
    return Project(
        id=stream_id,
        version=version,
        title=_of(str, state["title"]),
        aspect=_of(str, state["aspect"]),
        theme_id=_of(str, state["theme_id"]) if state["theme_id"] is not None else None,
        members={user: Role.of(role) for user, role in state["members"].items()},
        archived=_of(bool, state["archived"]),
        origin_id=UUID(state["origin_id"]) if state["origin_id"] is not None else None,
        versions=_of(int, state["versions"]),
    )


def _of(kind: type[T], value: Any) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


BLOCKS: SnapshotFormat[Block] = SnapshotFormat("block", 1, _dump_block, _load_block)
PROJECTS: SnapshotFormat[Project] = SnapshotFormat("project", 2, _dump_project, _load_project)


class NoSnapshots:
    """Keeps none: every aggregate is read from its beginning."""

    def offer(self, snapshot: Snapshot) -> None:
        """Drop it."""

    async def latest(self, stream_id: UUID) -> Sequence[Snapshot]:  # noqa: ARG002 - the port's signature
        """Return none."""
        return ()
