import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from commands.ports import NO_STREAM, Append, Appended, EventWrite, Mismatch, Replayed, StreamWrite
from domain.project import ProjectCreated, ProjectRenamed
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings
from tests.integration.logs import created, opened, renamed


@pytest.fixture
async def log(settings: Settings) -> AsyncIterator[PostgresEventLog]:
    async with opened(settings) as opened_log:
        yield opened_log


def request(
    stream: UUID, expected: int, *events: ProjectCreated | ProjectRenamed, command: UUID | None = None
) -> Append:
    command = command or uuid4()
    return Append(
        caller="ada",
        command_id=command,
        request_hash=b"h",
        status=200,
        body=b"{}",
        metadata={"actor": {"id": "ada", "kind": "person"}},
        writes=[StreamWrite(stream, stream, expected)],
        events=[EventWrite(0, e, command) for e in events],
    )


async def test_events_of_one_append_come_back_in_order(log: PostgresEventLog) -> None:
    stream = uuid4()
    outcome = await log.append(
        request(stream, NO_STREAM, created(stream), renamed(stream, 2, "B"), renamed(stream, 3, "C"))
    )
    assert outcome == Appended(0)
    events = await log.stream(stream)
    assert [(e.position, e.event.originator_version) for e in events] == [(1, 1), (2, 2), (3, 3)]
    assert events[2].event == renamed(stream, 3, "C")
    assert events[0].recorded_at <= events[2].recorded_at


async def test_a_wrong_expected_version_writes_nothing_and_tells_the_actual_one(
    log: PostgresEventLog,
) -> None:
    stream = uuid4()
    await log.append(request(stream, NO_STREAM, created(stream)))
    assert await log.append(request(stream, 5, renamed(stream, 6, "x"))) == Mismatch(stream, 1)
    assert await log.append(request(stream, NO_STREAM, created(stream))) == Mismatch(stream, 1)
    assert len(await log.stream(stream)) == 1
    assert (await log.head())[0] == 1


async def test_a_repeated_command_id_gets_the_first_answer_and_writes_nothing(log: PostgresEventLog) -> None:
    stream, command = uuid4(), uuid4()
    first = request(stream, NO_STREAM, created(stream), command=command)
    outcomes = await asyncio.gather(log.append(first), log.append(first), log.append(first))
    assert sorted(type(o).__name__ for o in outcomes) == ["Appended", "Replayed", "Replayed"]
    assert Replayed(b"h", 200, 0, b"{}") in outcomes
    assert (await log.head())[0] == 1


async def test_concurrent_writers_of_one_stream_one_wins_each_version(settings: Settings) -> None:
    stream = uuid4()
    async with opened(settings) as one, opened(settings) as two:
        await one.append(request(stream, NO_STREAM, created(stream)))
        outcomes = await asyncio.gather(
            *(
                (one if i % 2 else two).append(request(stream, 1, renamed(stream, 2, str(i))))
                for i in range(40)
            )
        )
        assert sum(isinstance(o, Appended) for o in outcomes) == 1
        assert sum(isinstance(o, Mismatch) for o in outcomes) == 39
        assert [e.event.originator_version for e in await one.stream(stream)] == [1, 2]


async def test_positions_have_no_gaps_and_a_live_reader_sees_the_order_on_disk(settings: Settings) -> None:
    async with opened(settings) as one, opened(settings) as two:
        seen: list[int] = []
        done = asyncio.Event()

        async def read() -> None:
            while True:
                finished = done.is_set()
                events = await one.after(seen[-1] if seen else 0, 100)
                seen.extend(e.position for e in events)
                if not events and finished:
                    return

        async def write(log: PostgresEventLog) -> None:
            for _ in range(20):
                stream = uuid4()
                await log.append(request(stream, NO_STREAM, created(stream), renamed(stream, 2, "x")))

        reader = asyncio.create_task(read())
        await asyncio.gather(*(write(log) for log in (one, two) for _ in range(8)))
        done.set()
        await reader
        assert seen == list(range(1, 641))


async def test_a_request_that_the_database_refuses_fails_alone(log: PostgresEventLog) -> None:
    good, bad = uuid4(), uuid4()
    broken = request(bad, NO_STREAM, created(bad))
    broken = Append(
        **{name: getattr(broken, name) for name in broken.__dataclass_fields__} | {"caller": "a\0b"}
    )
    outcomes = await asyncio.gather(
        log.append(request(good, NO_STREAM, created(good))), log.append(broken), return_exceptions=True
    )
    assert isinstance(outcomes[0], Appended)
    assert isinstance(outcomes[1], Exception)
    assert len(await log.stream(good)) == 1
    assert await log.stream(bad) == []
