"""What every implementation of `commands.ports.EventLog` answers to queries."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from commands.ports import ANY_VERSION, Append, Appended, EventLog, EventQuery, EventWrite, StreamWrite
from domain.events import Event, Recorded
from infra.postgres import reader
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings
from tests.integration.logs import opened
from tests.support.making import ADA, added, created, edited, moved, renamed
from tests.support.memory_log import InMemoryEventLog

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Filled:
    """A log of two projects, and all that is in it."""

    log: EventLog
    events: Sequence[Recorded]
    project: UUID
    other: UUID
    block: UUID

    def positions(self, query: EventQuery) -> list[int]:
        """Say by hand what a query has to find."""
        found = [r for r in self.events if self._fits(query, r)]
        return [r.position for r in (found[::-1] if query.descending else found)]

    @staticmethod
    def _fits(query: EventQuery, r: Recorded) -> bool:
        key = r.position if query.stream_id is None else r.event.originator_version
        return (
            (query.stream_id is None or query.stream_id == r.event.originator_id)
            and (query.project_id is None or query.project_id == r.project_id)
            and (not query.topics or r.event.TOPIC in query.topics)
            and query.actor in {None, r.actor}
            and (query.positions is None or query.positions[0] < r.position <= query.positions[1])
            and key > query.after
            and (query.to is None or key <= query.to)
            and (query.until is None or r.recorded_at <= query.until)
        )


async def put(log: EventLog, project: UUID, event: Event, actor: str = "ada") -> None:
    command = uuid4()
    outcome = await log.append(
        Append(
            caller="ada",
            command_id=command,
            request_hash=b"h",
            status=200,
            body=b"{}",
            metadata={**ADA, "actor": {**ADA["actor"], "id": actor}},
            writes=[StreamWrite(event.originator_id, project, ANY_VERSION)],
            events=[EventWrite(0, event, command)],
        )
    )
    assert isinstance(outcome, Appended)


async def filled(log: EventLog) -> Filled:
    project, other, block = uuid4(), uuid4(), uuid4()
    await put(log, project, created(project))
    await put(log, project, added(block, project, "slide"))
    await put(log, other, created(other))
    for i in range(2, 14):
        await put(log, project, edited(block, i, title=f"T{i}"), actor="eve" if i % 4 == 0 else "ada")
        if i % 3 == 0:
            await put(log, other, renamed(other, i // 3 + 1, f"O{i}"))
    await put(log, project, moved(block, 14, "a5"))
    events = await log.read(EventQuery())
    assert [r.position for r in events] == list(range(1, 21))
    return Filled(log, events, project, other, block)


@pytest.fixture
def in_memory() -> EventLog:
    return InMemoryEventLog()


@pytest.fixture
async def stored(settings: Settings) -> AsyncIterator[EventLog]:
    async with opened(settings) as found:
        yield found


@pytest.fixture(params=["in_memory", "stored"])
def log(request: pytest.FixtureRequest) -> EventLog:
    found: EventLog = request.getfixturevalue(request.param)
    return found


def queries(found: Filled) -> list[EventQuery]:
    noon = found.events[9].recorded_at
    topics = ("decklog.project.renamed", "decklog.block.moved")
    forwards = [
        EventQuery(),
        EventQuery(after=7),
        EventQuery(to=7),
        EventQuery(after=3, to=11),
        EventQuery(until=noon),
        EventQuery(until=found.events[0].recorded_at - timedelta(seconds=1)),
        EventQuery(until=found.events[-1].recorded_at + timedelta(days=1)),
        EventQuery(topics=topics),
        EventQuery(topics=topics, after=9, to=17),
        EventQuery(topics=topics, until=noon),
        EventQuery(topics=("decklog.block.deleted",)),
        EventQuery(topics=topics, to=10_000),
        EventQuery(stream_id=found.block),
        EventQuery(stream_id=found.block, after=4, to=9),
        EventQuery(stream_id=found.block, until=noon),
        EventQuery(stream_id=found.block, topics=("decklog.block.edited",), after=1),
        EventQuery(stream_id=uuid4()),
        EventQuery(stream_id=found.block, project_id=found.other),
        EventQuery(project_id=found.project),
        EventQuery(project_id=found.project, after=5, to=15),
        EventQuery(project_id=found.other, until=noon),
        EventQuery(project_id=found.other, topics=topics),
        EventQuery(project_id=found.project, actor="eve"),
        EventQuery(project_id=found.project, actor="eve", topics=topics),
        EventQuery(stream_id=found.block, actor="ada", after=3),
        EventQuery(stream_id=found.block, project_id=found.project, positions=(3, 12)),
        EventQuery(project_id=found.project, positions=(3, 12), after=5),
        EventQuery(actor="eve"),
        EventQuery(actor="nobody"),
        EventQuery(after=20),
        EventQuery(after=12, to=5),
    ]
    return [replace(q, descending=down) for q in forwards for down in (False, True)]


async def test_a_query_finds_what_it_says_in_its_order(log: EventLog) -> None:
    found = await filled(log)

    for query in queries(found):
        read = await log.read(query)
        assert [r.position for r in read] == found.positions(query), query
        assert read == [found.events[r.position - 1] for r in read]
        assert [r.position for r in await log.read(query, 3)] == found.positions(query)[:3], query


@pytest.mark.parametrize("size", [1, 3, 20, 1_000])
async def test_chunks_hold_the_same_and_are_no_larger_than_asked_for(log: EventLog, size: int) -> None:
    found = await filled(log)

    for query in queries(found):
        chunks = [[r.position for r in chunk] async for chunk in log.chunks(query, size)]
        assert all(0 < len(chunk) <= size for chunk in chunks), query
        assert [p for chunk in chunks for p in chunk] == found.positions(query), query


async def test_a_reader_of_chunks_may_stop_early(log: EventLog) -> None:
    found = await filled(log)
    seen: list[int] = []

    async for chunk in log.chunks(EventQuery(project_id=found.project), 2):
        seen += [r.position for r in chunk]
        if len(seen) >= 4:
            break

    assert seen == [1, 2, 4, 5]
    assert len(await log.read(EventQuery())) == 20


@pytest.mark.parametrize("step", [1, 4, 19, 20])
async def test_topics_are_found_whatever_the_step_in_which_the_log_is_searched(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(reader, "SCAN", step)
    async with opened(settings) as log:
        found = await filled(log)
        for query in queries(found):
            wanted = found.positions(query)
            assert [r.position for r in await log.read(query)] == wanted, query
            assert [r.position for r in await log.read(query, 2)] == wanted[:2], query
            chunked = [r.position async for chunk in log.chunks(query, 2) for r in chunk]
            assert chunked == wanted, query


async def test_an_instant_has_a_position(settings: Settings) -> None:
    async with opened(settings) as log:
        assert isinstance(log, PostgresEventLog)
        assert await log.position_at(LONG_AGO) == 0
        found = await filled(log)
        for r in found.events:
            last = max(o.position for o in found.events if o.recorded_at <= r.recorded_at)
            assert await log.position_at(r.recorded_at) == last
            before = [o.position for o in found.events if o.recorded_at < r.recorded_at]
            assert await log.position_at(r.recorded_at - timedelta(microseconds=1)) == max(before, default=0)
        assert await log.position_at(LONG_AGO) == 0
        assert await log.position_at(found.events[-1].recorded_at + timedelta(days=1)) == 20
