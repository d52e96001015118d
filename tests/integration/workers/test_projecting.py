import asyncio
import gc
import os
import random
import signal
from typing import Any
from uuid import UUID

import httpx
import pytest
from running import Deck, System, eventually, lose, system_on, working
from workload import all_busy, check_rows, rows_of

from domain.catalogue import event_registry
from infra.bootstrap import read_models, worker_side
from infra.embedded.valkey import EmbeddedValkey
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.redis.wire import unpack
from infra.settings import Settings
from projections.partitions import partition_of
from projections.runner import Runner
from workers.app import Workers

MODELS = sorted(model.name for model in read_models())


@pytest.fixture
def fast(settings_on_spare: Settings) -> Settings:
    return settings_on_spare.model_copy(update={"relay_heartbeat_ms": 250})


async def test_what_several_write_arrives_exactly(settings: Settings) -> None:
    fast = settings.model_copy(update={"relay_heartbeat_ms": 250})
    async with system_on(fast) as one, system_on(fast) as other, working(fast):
        await asyncio.gather(all_busy(one, writers=5), all_busy(other, writers=5))
        head = await one.table.caught_up()
        assert head > 100
        # Checkpoints do not pass the head, and all models have one in each partition.
        checkpoints = await one.table.rows(
            "select model, partition, position from projection_checkpoints order by 1, 2"
        )
        assert checkpoints == [(m, p, head) for m in MODELS for p in range(4)]
    await check_rows(fast)


async def test_workers_that_begin_late_catch_up(settings: Settings) -> None:
    async with system_on(settings) as system:
        await all_busy(system, rounds=6)
        async with working(settings):
            await system.table.caught_up()
    await check_rows(settings)


async def test_all_catches_up_when_redis_loses_everything(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast), redis_client(fast) as redis:
        writing = asyncio.create_task(all_busy(system, rounds=14))
        for _ in range(4):
            reached = await system.table.head() + 15

            async def further(goal: int = reached) -> bool:
                return writing.done() or await system.table.head() >= goal

            await eventually(further)
            await redis.flushall()
        await writing
        await system.table.caught_up()
        # And the streams work again: a write is in the rows long before silence makes anybody look.
        await redis.flushall()
        await system.person().deck()
        await system.table.caught_up()
        keys = Keys.of(await system.table.value("select epoch from log_head"))

        async def published() -> bool:
            return all([await redis.exists(keys.log_stream(k)) for k in range(4)])

        await eventually(published)
    await check_rows(fast)


async def test_all_catches_up_when_valkey_is_killed(fast: Settings, spare: EmbeddedValkey) -> None:
    async with system_on(fast) as system, working(fast):
        writing = asyncio.create_task(all_busy(system, rounds=14))
        head = await system.table.head()

        async def further() -> bool:
            return await system.table.head() > head + 30

        await eventually(further)
        os.kill(spare.pid, signal.SIGKILL)
        await spare.wait()
        try:
            # Without Redis all goes on, if more slowly.
            await writing
            await system.table.caught_up()
        finally:
            await spare.start()
        await system.person().deck()
        await system.table.caught_up()
        async with redis_client(fast) as redis:
            keys = Keys.of(await system.table.value("select epoch from log_head"))
            top = await system.table.head()

            async def published() -> bool:
                last = [await redis.xrevrange(keys.log_stream(k), count=1) for k in range(4)]
                return all(found and int(found[0][0].split(b"-")[0]) >= top for found in last)

            await eventually(published, 10)
    await check_rows(fast)


async def test_a_standby_takes_over_within_five_seconds(settings: Settings) -> None:
    async with system_on(settings) as system, working(settings) as leader:
        ada = system.person()
        deck = await ada.deck()
        await system.table.caught_up()
        async with working(settings) as standby, ada.live(deck.id) as live:
            await lose(leader)
            loop = asyncio.get_running_loop()
            begin = loop.time()
            await deck.change("rename-project", title="After")
            await live.events(deck.position, 5)
            await system.table.caught_up(5)
            holders = (
                "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
                " where locktype = 'advisory' and granted and classid = 1684366187 and datname = current_database()"
            )

            async def held() -> bool:
                return bool(await system.table.value(holders) == 21)

            await eventually(held, 5)
            assert loop.time() - begin < 5
            assert not standby.done()
    await check_rows(settings)


async def test_live_streams_hold_a_chain_without_gaps(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast), redis_client(fast) as redis:
        await all_busy(system, rounds=8)
        await system.table.caught_up()
        epoch: UUID = await system.table.value("select epoch from log_head")
        log = await system.table.rows("select notification_id, project_id from stored_events order by 1")
        keys = Keys.of(epoch)
        head = log[-1][0]
        for name in (keys.log_stream, keys.live_stream):
            for k in range(4):
                wanted = [p for p, project in log if partition_of(project, 4) == k]

                async def complete(key: str = name(k)) -> bool:
                    last = await redis.xrevrange(key, count=1)
                    return bool(last) and int(last[0][0].split(b"-")[0]) >= head

                await eventually(complete)
                entries = await redis.xrange(name(k))
                ids = [tuple(map(int, i.split(b"-"))) for i, _ in entries]
                assert ids == sorted(set(ids))
                events = [(i, f) for i, f in zip(ids, (f for _, f in entries), strict=True) if b"e" in f]
                # A live stream begins when a broadcaster does; gateways read what was before from the log.
                previous = begin = int(entries[0][1][b"v"])
                assert [i for (i, _), _ in events] == [p for p in wanted if p > begin]
                assert name == keys.live_stream or begin == 0
                for (position, _), fields in zip(ids, (f for _, f in entries), strict=True):
                    # An entry names the event before it: of an event, the one before; of a heartbeat, the last.
                    assert int(fields[b"v"]) == previous, (name, k, position)
                    if b"e" in fields:
                        previous = position
                if name == keys.log_stream:
                    for (position, _), fields in events:
                        recorded = unpack(event_registry(), fields[b"e"])
                        assert recorded.position == position
                        assert fields[b"p"] == recorded.project_id.bytes


async def test_rows_built_anew_equal_rows_built_step_by_step(settings: Settings) -> None:
    async with system_on(settings) as system, working(settings) as task:
        await all_busy(system, rounds=10)
        await system.table.caught_up()
        before = await rows_of(settings)
        # Nobody is there: the gateways record who comes.
        assert all(
            rows
            for name, rows in before.items()
            if name not in {"session_rows", "conflict_rows", "suggestion_rows", "job_rows"}
        )
        await lose(task)
        side = worker_side(settings)
        await side.start()
        try:
            async with side.database.transaction() as session:
                for model in read_models():
                    await model.clear(session)
                await session.execute("delete from projection_checkpoints")
            assert not any((await rows_of(settings)).values())
        finally:
            await side.stop()
        async with working(settings):
            await system.table.caught_up()
            assert await rows_of(settings) == before


async def test_the_same_events_again_change_nothing(settings: Settings) -> None:
    async with system_on(settings) as system:
        await all_busy(system, rounds=5, writers=3)
        side = worker_side(settings)
        await side.start()
        try:
            events = await side.log.after(0, 10_000)
            for k in range(4):
                mine = [e for e in events if partition_of(e.project_id, 4) == k]
                runner = Runner(side.models, side.database, k, side.log, 4)
                middle = events[len(events) // 2].position
                await runner.deliver([e for e in mine if e.position <= middle], middle)
                assert await runner.position() == middle
                # Delivered again, further than before, and by two at once.
                again = (runner.deliver(mine, events[-1].position) for _ in range(2))
                await asyncio.gather(*again)
                await runner.deliver(mine[:5], 5)
                assert await runner.position() == events[-1].position
        finally:
            await side.stop()
    await check_rows(settings)


async def test_the_health_report_tells_how_far_projections_are(system: System) -> None:
    deck: Deck = await system.person().deck()
    head = await system.table.caught_up()
    health: dict[str, Any] = (await httpx.AsyncClient().get(f"{system.read_url}/api/health")).json()
    assert {(p["model"], p["partition"]) for p in health["projections"]} == {
        (m, k) for m in MODELS for k in range(4)
    }
    assert all(p["position"] >= head >= deck.position for p in health["projections"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_workers_end_when_told_at_any_moment(settings: Settings) -> None:
    picked = random.Random(4)  # noqa: S311 - the same choices in every run
    for _ in range(8):
        task = asyncio.create_task(Workers(settings).run())
        done, _ = await asyncio.wait({task}, timeout=picked.uniform(0.0, 0.6))
        assert not done
        task.cancel()
        done, pending = await asyncio.wait({task}, timeout=5)
        assert not pending
        assert task.cancelled()
    # A connection that was just being made is left to the collector by redis-py, which complains.
    gc.collect()
