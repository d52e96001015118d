"""Appends for tests of the event log."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from commands.ports import ANY_VERSION, Append, Appended, EventWrite, StreamWrite
from domain.block import BlockAdded
from domain.events import Event
from domain.project import ProjectCreated, ProjectRenamed
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[PostgresEventLog]:
    connections = pool(settings, "test")
    await connections.open()
    appender = Appender(settings, structural_topics())
    await appender.start()
    try:
        yield PostgresEventLog(connections, appender)
    finally:
        await appender.stop()
        await connections.close()


def created(stream: UUID, title: str = "A deck") -> ProjectCreated:
    return ProjectCreated(
        originator_id=stream, originator_version=1, title=title, owner="ada", aspect="16:9", theme_id=None
    )


def renamed(stream: UUID, version: int, title: str = "Other") -> ProjectRenamed:
    return ProjectRenamed(originator_id=stream, originator_version=version, title=title)


def added(project: UUID, block: UUID) -> BlockAdded:
    return BlockAdded(
        originator_id=block,
        originator_version=1,
        project_id=str(project),
        parent_id=None,
        type="slide",
        rank="a0",
        content={"title": "ä"},
    )


def request(
    project: UUID,
    writes: Sequence[tuple[UUID, int]],
    events: Sequence[tuple[int, Event]],
    *,
    command: UUID | None = None,
    guards: Sequence[tuple[UUID, int]] = (),
    **more: Any,
) -> Append:
    """Build a request: `writes` are (stream, expected version), `events` are (index of the write, event)."""
    command = command or uuid4()
    fields: dict[str, Any] = {
        "caller": "ada",
        "request_hash": b"h",
        "status": 200,
        "body": b"{}",
        "metadata": {"actor": {"id": "ada", "kind": "person"}},
        **more,
    }
    return Append(
        command_id=command,
        writes=[StreamWrite(stream, project, expected) for stream, expected in writes],
        events=[EventWrite(write, event, command) for write, event in events],
        guards=guards,
        **fields,
    )


def one(stream: UUID, expected: int, *events: Event, **more: Any) -> Append:
    """Build a request on a project's own stream."""
    return request(stream, [(stream, expected)], [(0, e) for e in events], **more)


async def append_all(log: PostgresEventLog, project: UUID, events: Sequence[Event], at_once: int = 1) -> None:
    """Append a project's events in their order, so many in one request, whatever their streams' versions are."""
    for i in range(0, len(events), at_once):
        some = events[i : i + at_once]
        streams = list(dict.fromkeys(e.originator_id for e in some))
        writes = [(s, ANY_VERSION) for s in streams]
        done = await log.append(request(project, writes, [(streams.index(e.originator_id), e) for e in some]))
        assert isinstance(done, Appended)
