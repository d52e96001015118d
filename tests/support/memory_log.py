"""The event log in memory: what the commands' port promises, and nothing more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson

from commands.ports import (
    ANY_VERSION,
    CHUNK,
    STREAM_EXISTS,
    Append,
    Appended,
    AppendOutcome,
    EventQuery,
    EventWrite,
    Mismatch,
    Replayed,
    StreamWrite,
    StructureChanged,
)
from domain.block import BlockEvent
from domain.catalogue import event_registry
from domain.events import Event, Recorded
from tests.support.making import NOON


def is_structural(event: Event) -> bool:
    return isinstance(event, BlockEvent) and event.STRUCTURAL


@dataclass
class InMemoryEventLog:
    """Implements `commands.ports.EventLog`; every call gives way to other tasks first, as a server does."""

    events: list[Recorded] = field(default_factory=list)
    requests: list[Append] = field(default_factory=list)
    outcomes: list[AppendOutcome] = field(default_factory=list)
    on_read: Callable[[UUID], object] = lambda _: None

    def __post_init__(self) -> None:
        self._registry = event_registry()
        self._answers: dict[tuple[str, UUID], Replayed] = {}

    async def append(self, request: Append) -> AppendOutcome:
        await asyncio.sleep(0)
        outcome = self._append(request)
        self.requests.append(request)
        self.outcomes.append(outcome)
        return outcome

    async def stream(self, stream_id: UUID, after_version: int = 0) -> Sequence[Recorded]:
        await asyncio.sleep(0)
        self.on_read(stream_id)
        return [
            r
            for r in self.events
            if r.event.originator_id == stream_id and r.event.originator_version > after_version
        ]

    async def read(self, query: EventQuery, limit: int | None = None) -> Sequence[Recorded]:
        await asyncio.sleep(0)
        if query.stream_id is not None:
            self.on_read(query.stream_id)
        return self._selected(query)[:limit]

    async def chunks(self, query: EventQuery, size: int = CHUNK) -> AsyncIterator[Sequence[Recorded]]:
        await asyncio.sleep(0)
        found = self._selected(query)
        for i in range(0, len(found), size):
            yield found[i : i + size]

    async def structure(self, project_id: UUID, after: int) -> tuple[Sequence[Recorded], int]:
        await asyncio.sleep(0)
        return self._structure(project_id, after), len(self.events)

    async def answered(self, caller: str, command_id: UUID) -> Replayed | None:
        await asyncio.sleep(0)
        return self._answers.get((caller, command_id))

    def _selected(self, query: EventQuery) -> list[Recorded]:
        def fits(r: Recorded) -> bool:
            key = r.position if query.stream_id is None else r.event.originator_version
            return (
                query.stream_id in {None, r.event.originator_id}
                and query.project_id in {None, r.project_id}
                and (not query.topics or r.event.TOPIC in query.topics)
                and query.actor in {None, r.actor}
                and (query.positions is None or query.positions[0] < r.position <= query.positions[1])
                and query.after < key <= (len(self.events) if query.to is None else query.to)
                and (query.until is None or r.recorded_at <= query.until)
            )

        found = [r for r in self.events if fits(r)]
        return found[::-1] if query.descending else found

    def _structure(self, project_id: UUID, after: int) -> list[Recorded]:
        return [r for r in self.events[after:] if r.project_id == project_id and is_structural(r.event)]

    def _version(self, stream_id: UUID) -> int:
        return sum(r.event.originator_id == stream_id for r in self.events)

    def _append(self, request: Append) -> AppendOutcome:
        known = self._answers.get((request.caller, request.command_id))
        if known is not None:
            return known
        for write in request.writes:
            if not _as_expected(write, actual := self._version(write.stream_id)):
                return Mismatch(write.stream_id, actual)
        if any(self._structure(project, after) for project, after in request.guards):
            return StructureChanged()
        base = len(self.events) if request.events else 0
        for written in request.events:
            self.events.append(self._stored(request, written))
        self._answers[request.caller, request.command_id] = Replayed(
            request.request_hash, request.status, base, request.body
        )
        return Appended(base)

    def _stored(self, request: Append, written: EventWrite) -> Recorded:
        """Take an event through its stored form, as a reader of a real log gets it."""
        write = request.writes[written.write]
        state = orjson.loads(orjson.dumps(written.event.data()))
        version = self._version(write.stream_id) + 1
        event = self._registry.rebuild(written.event.TOPIC, write.stream_id, version, state)
        position = len(self.events) + 1
        metadata = orjson.loads(orjson.dumps(request.metadata))
        at = NOON + timedelta(seconds=position)
        return Recorded(position, event, write.project_id, written.command_id, at, metadata)


def _as_expected(write: StreamWrite, actual: int) -> bool:
    if write.expected == ANY_VERSION:
        return True
    if write.expected == STREAM_EXISTS:
        return actual > 0
    return write.expected == actual
