import asyncio
import hashlib
import struct
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from logs import added, created, one, opened, renamed, request
from running import eventually, looking

from commands.ports import (
    ANY_VERSION,
    NO_STREAM,
    STREAM_EXISTS,
    Appended,
    Mismatch,
    Replayed,
    StructureChanged,
)
from domain.errors import Unavailable
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings


@pytest.fixture
async def log(settings: Settings) -> AsyncIterator[PostgresEventLog]:
    async with opened(settings) as opened_log:
        yield opened_log


async def test_a_structural_event_after_the_guard_is_noticed(log: PostgresEventLog) -> None:
    project = uuid4()
    await log.append(one(project, NO_STREAM, created(project)))
    first, second, third = uuid4(), uuid4(), uuid4()
    guarded = request(project, [(first, NO_STREAM)], [(0, added(project, first))], guards=[(project, 1)])
    assert await log.append(guarded) == Appended(1)
    late = request(project, [(second, NO_STREAM)], [(0, added(project, second))], guards=[(project, 1)])
    assert await log.append(late) == StructureChanged()
    assert await log.stream(second) == []
    # What is not structural, or of another project, does not count.
    await log.append(one(project, 1, renamed(project, 2)))
    other = uuid4()
    await log.append(request(other, [(third, NO_STREAM)], [(0, added(other, third))]))
    now = request(project, [(second, NO_STREAM)], [(0, added(project, second))], guards=[(project, 2)])
    assert await log.append(now) == Appended(4)


async def test_of_many_with_the_same_guard_one_wins(settings: Settings) -> None:
    project = uuid4()
    async with opened(settings) as here, opened(settings) as there:
        await here.append(one(project, NO_STREAM, created(project)))
        blocks = [uuid4() for _ in range(30)]
        outcomes = await asyncio.gather(
            *(
                (here if i % 2 else there).append(
                    request(project, [(b, NO_STREAM)], [(0, added(project, b))], guards=[(project, 1)])
                )
                for i, b in enumerate(blocks)
            )
        )
        assert sorted(type(o).__name__ for o in outcomes) == ["Appended"] + ["StructureChanged"] * 29
        assert (await here.head())[0] == 2


async def test_several_streams_are_written_together_or_not_at_all(log: PostgresEventLog) -> None:
    project, first, second, third = uuid4(), uuid4(), uuid4(), uuid4()
    whole = request(
        project,
        [(project, NO_STREAM), (first, NO_STREAM), (second, NO_STREAM)],
        [
            (1, added(project, first)),
            (0, created(project)),
            (2, added(project, second)),
            (0, renamed(project, 2)),
        ],
    )
    assert await log.append(whole) == Appended(0)
    assert [e.position for e in await log.stream(project)] == [2, 4]
    assert [e.position for e in await log.stream(first)] == [1]
    assert [e.position for e in await log.project(project, 0)] == [1, 2, 3, 4]
    broken = request(
        project,
        [(project, 2), (second, 7), (third, NO_STREAM)],
        [(0, renamed(project, 3)), (2, added(project, third)), (1, renamed(second, 8))],
    )
    assert await log.append(broken) == Mismatch(second, 1)
    assert [e.position for e in await log.project(project, 0)] == [1, 2, 3, 4]
    assert (await log.head())[0] == 4


async def test_any_version_and_any_existing_stream(log: PostgresEventLog) -> None:
    stream = uuid4()
    assert await log.append(one(stream, STREAM_EXISTS, created(stream))) == Mismatch(stream, 0)
    assert await log.append(one(stream, ANY_VERSION, created(stream))) == Appended(0)
    assert await log.append(one(stream, NO_STREAM, created(stream))) == Mismatch(stream, 1)
    assert await log.append(one(stream, STREAM_EXISTS, renamed(stream, 2))) == Appended(1)
    assert await log.append(one(stream, ANY_VERSION, renamed(stream, 3), renamed(stream, 4))) == Appended(2)
    assert [e.event.originator_version for e in await log.stream(stream)] == [1, 2, 3, 4]


async def test_concurrent_appends_without_an_expected_version_all_get_one(log: PostgresEventLog) -> None:
    stream = uuid4()
    await log.append(one(stream, NO_STREAM, created(stream)))
    outcomes = await asyncio.gather(
        *(
            log.append(one(stream, (ANY_VERSION, STREAM_EXISTS)[i % 2], renamed(stream, 0, str(i))))
            for i in range(50)
        )
    )
    assert {type(o) for o in outcomes} == {Appended}
    assert [e.event.originator_version for e in await log.stream(stream)] == list(range(1, 52))


async def test_a_command_id_belongs_to_its_caller(log: PostgresEventLog) -> None:
    command, mine, hers = uuid4(), uuid4(), uuid4()
    answers = await asyncio.gather(
        log.append(one(mine, NO_STREAM, created(mine), command=command)),
        log.append(one(hers, NO_STREAM, created(hers), command=command, caller="grace", body=b"hers")),
    )
    assert {type(a) for a in answers} == {Appended}
    again = await log.append(
        one(hers, 1, renamed(hers, 2), command=command, caller="grace", request_hash=b"x")
    )
    assert isinstance(again, Replayed)
    assert (again.body, again.request_hash, again.status) == (b"hers", b"h", 200)
    assert await log.answered("ada", command) == Replayed(
        b"h", 200, (await log.stream(mine))[0].position - 1, b"{}"
    )
    assert await log.answered("eve", command) is None


async def test_an_answer_without_events_is_kept_too(log: PostgresEventLog) -> None:
    refusal = request(uuid4(), [], [], status=409, body=b"no")
    assert await log.append(refusal) == Appended(0)
    assert await log.append(refusal) == Replayed(b"h", 409, 0, b"no")
    assert (await log.head())[0] == 0


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def framed(value: bytes) -> bytes:
    return struct.pack("!i", len(value)) + value


async def test_the_hash_chain_can_be_computed_again_from_what_is_stored(settings: Settings) -> None:
    streams = [uuid4() for _ in range(7)]
    async with opened(settings) as here, opened(settings) as there:
        await asyncio.gather(
            *(here.append(one(s, NO_STREAM, created(s, "Ähre 🦉"), renamed(s, 2))) for s in streams)
        )
        for _ in range(5):
            await asyncio.gather(
                *(
                    log.append(one(s, STREAM_EXISTS, renamed(s, 0, "x" * i), renamed(s, 0)))
                    for log in (here, there)
                    for i, s in enumerate(streams)
                )
            )
        project = streams[0]
        block = uuid4()
        await here.append(
            request(
                project,
                [(project, ANY_VERSION), (block, NO_STREAM)],
                [(1, added(project, block)), (0, renamed(project, 0))],
            )
        )
        # Requests of one event, in one batch and alone.
        await asyncio.gather(*(here.append(one(s, ANY_VERSION, renamed(s, 0, "ß" * 300))) for s in streams))
        for s in streams:
            await here.append(one(s, ANY_VERSION, renamed(s, 0, "🦉")))
    async with looking(settings) as table:
        rows = await table.rows(
            "select originator_id, originator_version, topic, state, notification_id, project_id, command_id,"
            " recorded_at, metadata::text, hash from stored_events order by originator_id, originator_version"
        )
    assert len(rows) == 7 * 24 + 2
    last: dict[UUID, bytes] = defaultdict(bytes)
    for stream, version, topic, state, position, project, command, at, metadata, stored in rows:
        fields = (
            stream.bytes
            + struct.pack("!qq", version, position)
            + project.bytes
            + command.bytes
            + struct.pack("!q", (at - EPOCH) // timedelta(microseconds=1))
            + framed(topic.encode())
            + framed(state)
            + metadata.encode()
        )
        last[stream] = hashlib.sha256(last[stream] + fields).digest()
        assert last[stream] == stored, (stream, version)


async def test_time_never_runs_backwards_along_the_log(settings: Settings) -> None:
    async with opened(settings) as log, looking(settings) as table:
        stream = uuid4()
        await log.append(one(stream, NO_STREAM, created(stream)))
        # As after a clock that was an hour ahead.
        await table.rows("update log_head set recorded_at = recorded_at + interval '1 hour' returning 1")
        await log.append(one(stream, 1, renamed(stream, 2)))
        await log.append(one(stream, 2, renamed(stream, 3)))
        times = [e.recorded_at for e in await log.stream(stream)]
        assert times == sorted(times)
        assert times[1] - times[0] > timedelta(minutes=59)


async def test_the_stock_recorder_reads_our_log(settings: Settings) -> None:
    streams = [uuid4() for _ in range(3)]
    async with opened(settings) as log:
        for s in streams:
            await log.append(one(s, NO_STREAM, created(s, str(s)), renamed(s, 2), renamed(s, 3)))
    at = psycopg.conninfo.conninfo_to_dict(settings.dsn)

    def read() -> None:
        with PostgresDatastore(
            str(at["dbname"]), str(at["host"]), str(at["port"]), str(at["user"]), str(at["password"])
        ) as store:
            recorder = PostgresApplicationRecorder(store, events_table_name="stored_events")
            assert recorder.max_notification_id() == 9
            found = recorder.select_events(streams[1], gt=1)
            assert [(e.originator_id, e.originator_version) for e in found] == [
                (streams[1], 2),
                (streams[1], 3),
            ]
            assert {e.topic for e in found} == {"decklog.project.renamed"}
            assert b'"Other"' in found[0].state
            latest = recorder.select_events(streams[2], desc=True, limit=1)
            assert [e.originator_version for e in latest] == [3]
            notices = recorder.select_notifications(start=4, limit=4)
            assert [n.id for n in notices] == [4, 5, 6, 7]
            assert [n.originator_id for n in notices] == [streams[1]] * 3 + [streams[2]]
            only = recorder.select_notifications(start=None, limit=10, topics=["decklog.project.created"])
            assert [n.id for n in only] == [1, 4, 7]

    await asyncio.to_thread(read)


async def test_a_full_queue_refuses_at_once_and_loses_nothing(settings: Settings) -> None:
    small = settings.model_copy(update={"append_queue_max": 5, "append_in_flight": 1})
    streams = [uuid4() for _ in range(20)]
    async with opened(small) as log, looking(settings) as table:
        async with table.connection.transaction():
            await table.rows("select position from log_head for update")
            stuck = asyncio.create_task(log.append(one(streams[0], NO_STREAM, created(streams[0]))))

            async def waiting() -> bool:
                found = await table.value("select count(*) from pg_locks where not granted")
                return bool(found)

            await eventually(waiting)
            rest = [asyncio.create_task(log.append(one(s, NO_STREAM, created(s)))) for s in streams[1:]]
            done, pending = await asyncio.wait(rest, timeout=0.5)
            assert (len(done), len(pending)) == (14, 5)
            for refused in done:
                error = refused.exception()
                assert isinstance(error, Unavailable)
                assert error.retry_after > 0
        assert isinstance(await stuck, Appended)
        assert {type(o) for o in await asyncio.gather(*pending)} == {Appended}
        assert (await log.head())[0] == 6


async def test_a_refused_request_fails_alone_even_while_the_log_is_held_up(settings: Settings) -> None:
    single = settings.model_copy(update={"append_in_flight": 1})
    good, bad = uuid4(), uuid4()
    async with opened(single) as log, looking(settings) as table:
        async with table.connection.transaction():
            await table.rows("select position from log_head for update")
            both = [
                asyncio.create_task(log.append(one(bad, NO_STREAM, created(bad), caller="a\0b"))),
                asyncio.create_task(log.append(one(good, NO_STREAM, created(good)))),
            ]
            async with asyncio.timeout(5):
                await asyncio.wait(both[:1])
            # Past the statement's time-out, so that the good request's own attempt is lost.
            await table.rows("select pg_sleep(2.3)")
        async with asyncio.timeout(8):
            assert isinstance(await both[1], Appended)
        assert both[0].exception() is not None
        async with asyncio.timeout(5):
            assert isinstance(await log.append(one(good, 1, renamed(good, 2))), Appended)


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": {"actor": {"id": "a\ud800", "kind": "person"}}},
        {"caller": "a\ud800"},
        {"metadata": {"n": 2**70}},
        {"status": 2**20},
    ],
)
async def test_what_cannot_be_encoded_fails_alone(settings: Settings, broken: dict[str, object]) -> None:
    single = settings.model_copy(update={"append_in_flight": 1})
    good, bad, later = uuid4(), uuid4(), uuid4()
    async with opened(single) as log, asyncio.timeout(8):
        outcomes = await asyncio.gather(
            log.append(one(bad, NO_STREAM, created(bad), **broken)),
            log.append(one(good, NO_STREAM, created(good))),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], Exception)
        assert isinstance(outcomes[1], Appended)
        assert isinstance(await log.append(one(later, NO_STREAM, created(later))), Appended)
