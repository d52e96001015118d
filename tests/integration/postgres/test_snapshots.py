"""Snapshots in PostgreSQL: written behind, checked against the log, missed by nobody."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from logs import added, created, one, opened, renamed, request
from running import looking

from commands.folding import Loaded
from commands.ports import ANY_VERSION, NO_STREAM, Appended, Snapshot
from commands.repository import Repository
from domain.block import BlockEdited
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.snapshots import PostgresSnapshots
from infra.settings import Settings


@asynccontextmanager
async def snapshots_on(settings: Settings, **more: int) -> AsyncIterator[PostgresSnapshots]:
    connections = pool(settings, "snapshots")
    await connections.open()
    found = PostgresSnapshots(connections, **more)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()
        await connections.close()


def fresh(log: PostgresEventLog, snapshots: PostgresSnapshots) -> Repository:
    """As in a process that has just started."""
    return Repository(log, time.monotonic, snapshots=snapshots, snapshot_every=5)


async def long_stream(log: PostgresEventLog, events: int = 12) -> tuple[UUID, UUID]:
    """Append a project and a block of so many events each."""
    project, block = uuid4(), uuid4()
    renames = [renamed(project, v, f"P{v}") for v in range(2, events + 1)]
    edits = [
        BlockEdited(originator_id=block, originator_version=v, changes={"title": f"Ä{v}"})
        for v in range(2, events + 1)
    ]
    assert isinstance(await log.append(one(project, NO_STREAM, created(project), *renames)), Appended)
    append = request(project, [(block, NO_STREAM)], [(0, added(project, block)), *((0, e) for e in edits)])
    assert isinstance(await log.append(append), Appended)
    return project, block


async def test_snapshots_are_used_and_deleting_all_of_them_changes_no_answer(settings: Settings) -> None:
    async with opened(settings) as log, snapshots_on(settings) as snapshots, looking(settings) as table:
        project, block = await long_stream(log)
        first = fresh(log, snapshots)
        read = (await first.project(project), await first.block(project, block))
        await snapshots.settle()
        rows = await table.rows("select stream_id, version, kind, schema from snapshots")
        assert sorted(rows) == sorted([(project, 12, "project", 2), (block, 12, "block", 1)])
        later = BlockEdited(originator_id=block, originator_version=13, changes={"notes": "n"})
        await log.append(request(project, [(block, 12)], [(0, later)]))

        # Made unlike the log on purpose: so it shows whether the snapshot was used.
        await table.rows(
            """update snapshots set state = replace(state::text, '"P12"', '"from the snapshot"')::json returning 1"""
        )
        from_snapshots = fresh(log, snapshots)
        assert (await from_snapshots.project(project)).state.title == "from the snapshot"
        with_them = await from_snapshots.block(project, block)
        await table.rows("delete from snapshots returning 1")
        without = fresh(log, snapshots)
        assert await without.project(project) == read[0]
        assert await without.block(project, block) == with_them
        assert with_them.state.content == {"title": "Ä12", "notes": "n"}
        assert (with_them.state.version, with_them.position) == (13, 25)


@pytest.mark.parametrize(
    "harm",
    [
        "schema = 99",
        "kind = 'theme'",
        "state = '[]'",
        """state = '{"title": 1}'""",
        "position = position + 1",
        "version = version + 7",
        "hash = sha256('another history')",
    ],
)
async def test_a_harmed_snapshot_is_ignored_and_told(
    settings: Settings, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    async with opened(settings) as log, snapshots_on(settings) as snapshots, looking(settings) as table:
        project, block = await long_stream(log)
        first = fresh(log, snapshots)
        read = (await first.project(project), await first.block(project, block))
        await snapshots.settle()
        assert len(await table.rows(f"update snapshots set {harm} returning 1")) == 2
        again = fresh(log, snapshots)
        with caplog.at_level(logging.INFO):
            assert (await again.project(project), await again.block(project, block)) == read
        ignored = [r.getMessage() for r in caplog.records if "ignored the snapshot" in r.getMessage()]
        assert len(ignored) == 2
        assert str(project) in ignored[0]


async def test_a_snapshot_of_a_log_that_was_restored_to_before_it_is_ignored(settings: Settings) -> None:
    async with opened(settings) as log, snapshots_on(settings) as snapshots, looking(settings) as table:
        project, _ = await long_stream(log)
        await fresh(log, snapshots).project(project)
        await snapshots.settle()
        # The log loses its tail, and goes on otherwise with the same versions and positions.
        await table.rows("delete from stored_events where notification_id > 10 returning 1")
        await table.rows("update log_head set position = 10 returning 1")
        await log.append(one(project, ANY_VERSION, renamed(project, 11, "Q11"), renamed(project, 12, "Q12")))

        found = await fresh(log, snapshots).project(project)

        assert (found.state.title, found.state.version, found.position) == ("Q12", 12, 12)


async def test_offers_never_wait_and_what_is_too_much_is_dropped(settings: Settings) -> None:
    async with opened(settings) as log, looking(settings) as table:
        project, _ = await long_stream(log)
        async with snapshots_on(settings, queue_max=2) as snapshots:
            taken = [Snapshot(project, v, "project", 1, v, {"title": str(v)}) for v in (3, 9, 6)]
            others = [Snapshot(uuid4(), 1, "project", 1, 1, {}) for _ in range(4)]
            for snapshot in (*taken, *others):
                snapshots.offer(snapshot)
            assert snapshots.dropped == 3
            await snapshots.settle()
            # Of one stream only the newest was written.
            assert await table.rows("select version from snapshots") == [(9,)]


async def test_a_database_that_refuses_snapshots_costs_nothing_but_them(settings: Settings) -> None:
    async with opened(settings) as log, snapshots_on(settings) as snapshots, looking(settings) as table:
        project, block = await long_stream(log)
        await table.connection.execute("alter table snapshots rename to gone")
        repository = fresh(log, snapshots)
        loaded = await repository.block(project, block)
        repository.committed([Loaded(loaded.state, loaded.position)], [])
        await snapshots.settle()
        assert (await repository.project(project)).state.version == 12
        await snapshots.settle()
        assert (snapshots.written, snapshots.dropped) == (0, 2)
        await table.connection.execute("alter table gone rename to snapshots")
        await fresh(log, snapshots).block(project, block)
        await snapshots.settle()
        assert snapshots.written == 1


async def test_a_hot_block_costs_no_statement(settings: Settings) -> None:
    async with opened(settings) as log, snapshots_on(settings) as snapshots:
        project, block = await long_stream(log)
        repository = fresh(log, snapshots)
        await repository.block(project, block)
        await snapshots.settle()
        statements: list[str] = []
        run = psycopg.AsyncConnection.execute

        async def counted(
            self: psycopg.AsyncConnection, query: object, *args: object, **more: object
        ) -> object:
            # Whatever else goes on in this process asks for neither.
            if "stored_events" in str(query) or "snapshots" in str(query):
                statements.append(str(query))
            return await run(self, query, *args, **more)  # type: ignore[call-overload]

        psycopg.AsyncConnection.execute = counted  # type: ignore[assignment,method-assign]
        try:
            for _ in range(100):
                await repository.block(project, block)
            assert statements == []
            await fresh(log, snapshots).block(project, block)
            # The beginning of the stream, the snapshot, what follows it.
            assert len(statements) == 3, statements
        finally:
            psycopg.AsyncConnection.execute = run  # type: ignore[method-assign]


async def test_stopping_waits_for_nobody(settings: Settings) -> None:
    async with looking(settings) as table, table.connection.transaction():
        await table.rows("select 1 from log_head")
        await table.connection.execute("lock table snapshots in access exclusive mode")
        async with asyncio.timeout(5), opened(settings) as log, snapshots_on(settings) as snapshots:
            project, _ = await long_stream(log)
            snapshots.offer(Snapshot(project, 3, "project", 1, 3, {}))
            await asyncio.sleep(0.1)
