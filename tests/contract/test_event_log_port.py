"""What every implementation of `commands.ports.EventLog` has to do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.ports import (
    ANY_VERSION,
    NO_STREAM,
    STREAM_EXISTS,
    Append,
    Appended,
    AppendOutcome,
    EventLog,
    EventWrite,
    Mismatch,
    Replayed,
    StreamWrite,
    StructureChanged,
)
from domain.events import Event
from infra.postgres.appender import Appender
from infra.postgres.arrays import texts
from infra.postgres.batch import is_single
from infra.postgres.committer import Committer, Measures, Waiting
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.settings import Settings
from tests.support.making import ADA, added, created, deleted, edited, granted, moved, renamed, undeleted
from tests.support.memory_log import InMemoryEventLog


@pytest.fixture
def in_memory() -> EventLog:
    return InMemoryEventLog()


@pytest.fixture
async def on_postgres(settings: Settings) -> AsyncIterator[EventLog]:
    connections = pool(settings, "contract")
    await connections.open()
    appender = Appender(settings, structural_topics())
    await appender.start()
    try:
        yield PostgresEventLog(connections, appender)
    finally:
        await appender.stop()
        await connections.close()


class InCompany(PostgresEventLog):
    """Sends requests of one event in the midst of others, which fail: so that they are a batch, not alone."""

    def __init__(self, alone: PostgresEventLog, settings: Settings) -> None:
        vars(self).update(vars(alone))
        self._committer = Committer(settings, texts(structural_topics()), Measures())
        self._turn = asyncio.Lock()

    async def append(self, request: Append) -> AppendOutcome:
        if not is_single(request):
            return await super().append(request)
        absent = [uuid4(), uuid4()]
        doomed = [appending((stream, 7, [renamed(stream, 8, "B")])) for stream in absent]
        batch = [
            Waiting(r, asyncio.get_running_loop().create_future(), set(), single=True)
            for r in (doomed[0], request, doomed[1])
        ]
        async with self._turn:
            await self._committer.commit(batch)
        outcomes = [w.answer.result() for w in batch]
        assert [outcomes[0], outcomes[2]] == [Mismatch(stream, 0) for stream in absent]
        return outcomes[1]

    async def close(self) -> None:
        await self._committer.close()


@pytest.fixture
async def in_company(on_postgres: PostgresEventLog, settings: Settings) -> AsyncIterator[EventLog]:
    log = InCompany(on_postgres, settings)
    yield log
    await log.close()


@pytest.fixture(params=["in_memory", "on_postgres", "in_company"])
def log(request: pytest.FixtureRequest) -> EventLog:
    found: EventLog = request.getfixturevalue(request.param)
    return found


def appending(
    *writes: tuple[UUID, int, Sequence[Event]],
    project: UUID | None = None,
    guards: Sequence[tuple[UUID, int]] = (),
    **fields: Any,
) -> Append:
    """Ask for events on streams, each (stream, expected version, events); in one project if one is named."""
    command = fields.pop("command_id", None) or uuid4()
    return Append(
        caller=fields.pop("caller", "ada"),
        command_id=command,
        request_hash=fields.pop("request_hash", b"h" * 32),
        status=fields.pop("status", 200),
        body=fields.pop("body", b'{"position":1}'),
        metadata=fields.pop("metadata", ADA),
        writes=[StreamWrite(stream, project or stream, expected) for stream, expected, _ in writes],
        events=[EventWrite(i, event, command) for i, (_, _, events) in enumerate(writes) for event in events],
        guards=guards,
        **fields,
    )


async def given(
    log: EventLog, *writes: tuple[UUID, int, Sequence[Event]], project: UUID | None = None
) -> int:
    outcome = await log.append(appending(*writes, project=project))
    assert isinstance(outcome, Appended)
    return outcome.base


async def versions(log: EventLog, stream: UUID) -> list[int]:
    return [r.event.originator_version for r in await log.stream(stream)]


async def test_what_was_appended_is_read_as_it_was(log: EventLog) -> None:
    project, command = uuid4(), uuid4()
    metadata = {"actor": {"id": "grace", "kind": "machine"}, "correlation_id": "c"}
    events = [created(project, "Dé\N{SNOWMAN}ck"), renamed(project, 2, "B")]

    outcome = await log.append(appending((project, NO_STREAM, events), command_id=command, metadata=metadata))

    assert outcome == Appended(0)
    read = await log.stream(project)
    assert [r.event for r in read] == events
    assert [r.position for r in read] == [1, 2]
    assert {(r.project_id, r.command_id) for r in read} == {(project, command)}
    assert read[0].metadata == metadata
    assert read[0].recorded_at.utcoffset() is not None
    assert read[0].recorded_at <= read[1].recorded_at


async def test_a_block_event_belongs_to_the_project_of_its_write(log: EventLog) -> None:
    project, slide = uuid4(), uuid4()

    await given(log, (slide, NO_STREAM, [added(slide, project, "slide")]), project=project)

    assert [r.project_id for r in await log.stream(slide)] == [project]


async def test_positions_go_on_over_all_streams_without_gaps(log: EventLog) -> None:
    one, two = uuid4(), uuid4()

    bases = [
        await given(log, (one, NO_STREAM, [created(one), renamed(one, 2, "B")])),
        await given(log, (two, NO_STREAM, [created(two)])),
        await given(log, (one, 2, [renamed(one, 3, "C")])),
    ]

    assert bases == [0, 2, 3]
    assert [r.position for r in await log.stream(one)] == [1, 2, 4]
    assert [r.position for r in await log.stream(two)] == [3]


async def test_events_of_one_request_keep_their_order_over_its_streams(log: EventLog) -> None:
    project, slide, text = uuid4(), uuid4(), uuid4()
    events: list[tuple[int, Event]] = [
        (0, added(slide, project, "slide")),
        (1, added(text, project, parent=slide)),
        (0, moved(slide, 2, "a5")),
        (1, deleted(text, 2)),
    ]
    command = uuid4()
    request = appending((slide, NO_STREAM, []), (text, NO_STREAM, []), project=project)
    request = replace(request, events=[EventWrite(i, event, command) for i, event in events])

    assert await log.append(request) == Appended(0)

    structure, _ = await log.structure(project, 0)
    assert [r.event for r in structure] == [event for _, event in events]
    assert [r.position for r in structure] == [1, 2, 3, 4]


async def test_each_event_keeps_the_command_behind_it(log: EventLog) -> None:
    project, first, second = uuid4(), uuid4(), uuid4()
    request = appending((project, NO_STREAM, []))
    request = replace(
        request,
        events=[EventWrite(0, created(project), first), EventWrite(0, renamed(project, 2, "B"), second)],
    )

    await log.append(request)

    assert [r.command_id for r in await log.stream(project)] == [first, second]


async def test_a_stream_is_read_after_a_version(log: EventLog) -> None:
    project = uuid4()
    await given(
        log, (project, NO_STREAM, [created(project), renamed(project, 2, "B"), renamed(project, 3, "C")])
    )

    assert [r.event for r in await log.stream(project, 2)] == [renamed(project, 3, "C")]
    assert await log.stream(project, 3) == []
    assert await log.stream(uuid4()) == []


@pytest.mark.parametrize("expected", [1, 3, 7])
async def test_an_exact_version_that_is_not_the_actual_one_writes_nothing(
    log: EventLog, expected: int
) -> None:
    project = uuid4()
    await given(log, (project, NO_STREAM, [created(project), renamed(project, 2, "B")]))

    outcome = await log.append(appending((project, expected, [renamed(project, expected + 1, "C")])))

    assert outcome == Mismatch(project, 2)
    assert await versions(log, project) == [1, 2]


async def test_an_exact_version_of_a_stream_that_is_not_there_is_a_mismatch(log: EventLog) -> None:
    project = uuid4()

    assert await log.append(appending((project, 1, [renamed(project, 2, "B")]))) == Mismatch(project, 0)
    assert await versions(log, project) == []


async def test_no_stream_refuses_a_stream_that_is_there(log: EventLog) -> None:
    project = uuid4()
    await given(log, (project, NO_STREAM, [created(project)]))

    assert await log.append(appending((project, NO_STREAM, [created(project)]))) == Mismatch(project, 1)
    assert await versions(log, project) == [1]


async def test_any_version_appends_to_a_new_stream_and_to_an_old_one(log: EventLog) -> None:
    project = uuid4()

    first = await log.append(appending((project, ANY_VERSION, [created(project)])))
    second = await log.append(appending((project, ANY_VERSION, [renamed(project, 2, "B")])))

    assert (first, second) == (Appended(0), Appended(1))
    assert await versions(log, project) == [1, 2]


async def test_stream_exists_refuses_only_a_stream_that_is_not_there(log: EventLog) -> None:
    project, absent = uuid4(), uuid4()
    await given(log, (project, NO_STREAM, [created(project)]))

    appended = await log.append(appending((project, STREAM_EXISTS, [renamed(project, 2, "B")])))
    refused = await log.append(appending((absent, STREAM_EXISTS, [renamed(absent, 2, "B")])))

    assert appended == Appended(1)
    assert refused == Mismatch(absent, 0)


async def test_one_stream_with_another_version_keeps_the_whole_request_out(log: EventLog) -> None:
    fresh, old = uuid4(), uuid4()
    await given(log, (old, NO_STREAM, [created(old)]))

    outcome = await log.append(
        appending((fresh, NO_STREAM, [created(fresh)]), (old, 4, [renamed(old, 5, "B")]))
    )

    assert outcome == Mismatch(old, 1)
    assert await versions(log, fresh) == []
    assert await given(log, (old, 1, [renamed(old, 2, "B")])) == 1


async def test_of_several_mismatches_the_first_write_is_named(log: EventLog) -> None:
    one, two = uuid4(), uuid4()
    await given(log, (one, NO_STREAM, [created(one)]), (two, NO_STREAM, [created(two)]))

    outcome = await log.append(appending((two, 6, [renamed(two, 7, "B")]), (one, 5, [renamed(one, 6, "B")])))

    assert outcome == Mismatch(two, 1)


async def test_a_mismatch_leaves_the_command_id_free(log: EventLog) -> None:
    project = uuid4()
    await given(log, (project, NO_STREAM, [created(project)]))
    request = appending((project, 4, [renamed(project, 5, "B")]))

    assert await log.append(request) == Mismatch(project, 1)
    assert await log.answered("ada", request.command_id) is None
    again = appending((project, 1, [renamed(project, 2, "B")]), command_id=request.command_id)
    assert await log.append(again) == Appended(1)


async def test_a_structural_event_after_the_guard_keeps_the_request_out(log: EventLog) -> None:
    project, slide = uuid4(), uuid4()
    await given(log, (slide, NO_STREAM, [added(slide, project, "slide")]), project=project)
    other = uuid4()
    request = appending(
        (other, NO_STREAM, [added(other, project, "slide")]), project=project, guards=[(project, 0)]
    )

    assert await log.append(request) == StructureChanged()
    assert await log.answered("ada", request.command_id) is None
    assert await versions(log, other) == []
    assert await log.append(replace(request, guards=[(project, 1)])) == Appended(1)


@pytest.mark.parametrize("change", ["added", "moved", "deleted", "undeleted"])
async def test_every_structural_event_trips_the_guard(log: EventLog, change: str) -> None:
    project, slide = uuid4(), uuid4()
    life: dict[str, Event] = {
        "added": added(slide, project, "slide"),
        "moved": moved(slide, 2, "a4"),
        "deleted": deleted(slide, 3),
        "undeleted": undeleted(slide, 4),
    }
    last = list(life).index(change)
    await given(log, (slide, NO_STREAM, list(life.values())[: last + 1]), project=project)

    outcome = await log.append(appending((project, NO_STREAM, [created(project)]), guards=[(project, last)]))

    assert outcome == StructureChanged()


async def test_a_guard_minds_neither_other_events_nor_other_projects(log: EventLog) -> None:
    project, slide, elsewhere = uuid4(), uuid4(), uuid4()
    await given(log, (slide, NO_STREAM, [added(slide, project, "slide")]), project=project)
    await given(log, (slide, 1, [edited(slide, 2, title="B")]), project=project)
    await given(log, (project, NO_STREAM, [created(project), granted(project, 2, "grace", "viewer")]))
    foreign = uuid4()
    await given(log, (foreign, NO_STREAM, [added(foreign, elsewhere, "slide")]), project=elsewhere)

    outcome = await log.append(
        appending((slide, 2, [moved(slide, 3, "a3")]), project=project, guards=[(project, 1)])
    )

    assert outcome == Appended(5)


async def test_one_of_several_guards_is_enough_to_keep_a_request_out(log: EventLog) -> None:
    quiet, busy, slide, other = uuid4(), uuid4(), uuid4(), uuid4()
    await given(log, (slide, NO_STREAM, [added(slide, busy, "slide")]), project=busy)

    outcome = await log.append(
        appending(
            (other, NO_STREAM, [added(other, quiet, "slide")]), project=quiet, guards=[(quiet, 0), (busy, 0)]
        )
    )

    assert outcome == StructureChanged()


async def test_a_repeated_command_id_gets_the_first_answer_and_writes_nothing(log: EventLog) -> None:
    project = uuid4()
    await given(log, (uuid4(), NO_STREAM, []), (project, NO_STREAM, [created(project)]))
    request = appending(
        (project, 1, [renamed(project, 2, "B")]), request_hash=b"first", status=201, body=b'{"x":1}'
    )
    assert await log.append(request) == Appended(1)

    known = Replayed(b"first", 201, 1, b'{"x":1}')
    other = appending(
        (project, 2, [renamed(project, 3, "C")]), command_id=request.command_id, request_hash=b"second"
    )
    assert await log.append(request) == known
    assert await log.append(other) == known
    assert await log.answered("ada", request.command_id) == known
    assert await versions(log, project) == [1, 2]


async def test_a_repeat_is_told_so_before_versions_and_guards_are_looked_at(log: EventLog) -> None:
    project, slide = uuid4(), uuid4()
    request = appending(
        (slide, NO_STREAM, [added(slide, project, "slide")]), project=project, guards=[(project, 0)]
    )
    await log.append(request)

    assert isinstance(await log.append(request), Replayed)


async def test_a_command_may_have_the_id_of_its_stream(log: EventLog) -> None:
    project = uuid4()

    request = appending((project, NO_STREAM, [created(project)]), command_id=project, guards=[(project, 0)])

    assert await log.append(request) == Appended(0)
    assert isinstance(await log.append(request), Replayed)


async def test_a_stream_of_many_events_is_checked_as_a_short_one_is(log: EventLog) -> None:
    project = uuid4()
    await given(
        log, (project, NO_STREAM, [created(project), *(renamed(project, v, "B") for v in range(2, 301))])
    )

    late = [
        await log.append(appending((project, v, [renamed(project, v + 1, "C")]))) for v in (0, 1, 299, 301)
    ]
    now = await log.append(appending((project, 300, [renamed(project, 301, "C")])))

    assert late == [Mismatch(project, 300)] * 4
    assert now == Appended(300)


async def test_command_ids_are_each_callers_own(log: EventLog) -> None:
    one, two, command = uuid4(), uuid4(), uuid4()

    first = await log.append(appending((one, NO_STREAM, [created(one)]), command_id=command))
    second = await log.append(appending((two, NO_STREAM, [created(two)]), command_id=command, caller="grace"))

    assert (first, second) == (Appended(0), Appended(1))
    assert await log.answered("edsger", command) is None


async def test_an_answer_without_events_is_kept_with_base_zero(log: EventLog) -> None:
    project = uuid4()
    await given(log, (project, NO_STREAM, [created(project)]))
    request = appending(status=409, body=b'{"code":"version-conflict"}')

    assert await log.append(request) == Appended(0)
    known = await log.answered("ada", request.command_id)
    assert known == Replayed(request.request_hash, 409, 0, b'{"code":"version-conflict"}')
    assert await given(log, (project, 1, [renamed(project, 2, "B")])) == 1


async def test_an_unknown_command_id_was_answered_nothing(log: EventLog) -> None:
    assert await log.answered("ada", uuid4()) is None


async def test_structure_is_a_projects_structural_events_and_how_far_they_are_complete(log: EventLog) -> None:
    project, slide, elsewhere = uuid4(), uuid4(), uuid4()
    assert await log.structure(project, 0) == ([], 0)
    await given(log, (project, NO_STREAM, [created(project)]))
    life = [
        added(slide, project, "slide"),
        edited(slide, 2, title="B"),
        moved(slide, 3, "a3"),
        deleted(slide, 4),
        undeleted(slide, 5),
    ]
    await given(log, (slide, NO_STREAM, life), project=project)
    foreign = uuid4()
    await given(log, (foreign, NO_STREAM, [added(foreign, elsewhere, "slide")]), project=elsewhere)

    everything, head = await log.structure(project, 0)
    later, same_head = await log.structure(project, 4)

    assert ([r.position for r in everything], head) == ([2, 4, 5, 6], 7)
    assert [r.event for r in everything] == [life[0], *life[2:]]
    assert ([r.position for r in later], same_head) == ([5, 6], 7)
    assert await log.structure(project, 6) == ([], 7)


async def test_of_concurrent_writers_on_one_version_one_wins(log: EventLog) -> None:
    project = uuid4()
    await given(log, (project, NO_STREAM, [created(project)]))

    outcomes = await asyncio.gather(
        *(log.append(appending((project, 1, [renamed(project, 2, str(i))]))) for i in range(12))
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["Appended", *["Mismatch"] * 11]
    assert await versions(log, project) == [1, 2]


async def test_of_concurrent_writers_on_one_guard_one_wins(log: EventLog) -> None:
    project = uuid4()

    def adding(slide: UUID) -> Append:
        return appending(
            (slide, NO_STREAM, [added(slide, project, "slide")]), project=project, guards=[(project, 0)]
        )

    outcomes = await asyncio.gather(*(log.append(adding(uuid4())) for _ in range(12)))

    assert outcomes.count(StructureChanged()) == 11
    assert len((await log.structure(project, 0))[0]) == 1


async def test_of_concurrent_repeats_one_is_carried_out(log: EventLog) -> None:
    project = uuid4()
    request = appending((project, NO_STREAM, [created(project)]))

    outcomes = await asyncio.gather(*(log.append(request) for _ in range(6)))

    assert outcomes.count(Appended(0)) == 1
    assert outcomes.count(Replayed(request.request_hash, 200, 0, request.body)) == 5
    assert await versions(log, project) == [1]
