"""Rebuilding read models beside the live ones, while everything runs."""

import asyncio

import pytest
from running import System, looking, system_on, working
from workload import all_busy, check_rows

from infra.bootstrap import read_models
from infra.postgres.rebuilds import Busy, Nothing, rebuilding
from infra.postgres.shards import Superseded
from infra.settings import Settings
from workers import rebuilding as rebuilding_module
from workers.rebuilding import fold_shards, rebuild, revert

MODELS = [m.name for m in read_models()]


def quiet(_: int, __: int) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
def fast(settings: Settings) -> Settings:
    return settings.model_copy(update={"relay_heartbeat_ms": 250})


async def tampered(settings: Settings, statement: str) -> None:
    async with looking(settings) as table:
        await table.rows(f"{statement} returning 1")


async def busy_until(stop: asyncio.Event, system: System) -> None:
    while not stop.is_set():
        await all_busy(system, rounds=2, writers=4)


async def test_a_rebuild_under_writers_ends_in_the_fold_of_the_log(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=4, writers=4)
        stop = asyncio.Event()
        writing = asyncio.create_task(busy_until(stop, system))
        told: list[tuple[int, int]] = []
        try:
            rebuilt = await rebuild(fast, read_models(), lambda *t: told.append(t), processes=2)
        finally:
            stop.set()
            await writing
        assert await system.table.caught_up() > rebuilt.events
        assert rebuilt.differences == []
        assert rebuilt.position is not None
        assert rebuilt.position >= rebuilt.events > 0
        assert told[-1] == (rebuilt.events, rebuilt.events)
        assert sorted(t[0] for t in told) == [t[0] for t in told]
    await check_rows(fast)


async def test_no_reader_sees_an_error_or_an_older_value(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        deck = await system.person().deck(slides=1, texts=1)
        await system.table.caught_up()
        seen: list[int] = []
        stop = asyncio.Event()

        async def write() -> None:
            n = 0
            while not stop.is_set():
                n += 1
                await deck.change("edit-block", block_id=deck.blocks[1], changes={"text": f"{n}"})

        async def read() -> None:
            while not stop.is_set():
                shown = await deck.owner.get(f"{deck.path}/blocks/{deck.blocks[1]}")
                assert shown.status_code == 200
                seen.append(shown.json()["version"])
                rows = await deck.owner.get(f"{deck.path}/blocks")
                assert rows.status_code == 200

        work = [asyncio.create_task(write()), asyncio.create_task(read())]
        try:
            for _ in range(3):
                await rebuild(fast, read_models(), quiet, processes=1)
        finally:
            stop.set()
            await asyncio.gather(*work)
        assert len(set(seen)) > 10
        assert seen == sorted(seen)


async def test_a_check_shows_what_is_wrong_and_leaves_it(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        deck = await system.person().deck(slides=1, texts=1)
        await system.table.caught_up()
        await tampered(fast, "update project_rows set title = 'wrong'")
        await tampered(fast, f"delete from block_rows where block_id = '{deck.blocks[1]}'")

        rebuilt = await rebuild(fast, read_models(), quiet, check=True, processes=1)

        found = {d.table: d for d in rebuilt.differences}
        assert set(found) == {"project_rows", "block_rows"}
        assert found["project_rows"].columns["title"][0] == "wrong"
        assert found["block_rows"].key["block_id"] == deck.blocks[1]
        assert "lacks the row" in found["block_rows"].why
        assert rebuilt.position is None
        async with looking(fast) as table:
            assert await table.value("select title from project_rows") == "wrong"


async def test_live_rows_that_are_behind_are_waited_for(fast: Settings) -> None:
    async with system_on(fast) as system:
        await all_busy(system, rounds=2, writers=2)
        # Nobody has folded anything yet: what is rebuilt is ahead.
        checking = asyncio.create_task(rebuild(fast, read_models(), quiet, check=True, processes=1))
        async with working(fast):
            rebuilt = await checking
        assert (rebuilt.differing, rebuilt.differences) == (0, [])
        assert rebuilt.rows > 10


async def test_what_was_cached_of_wrong_rows_is_not_shown_after_a_rebuild(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        deck = await system.person().deck(slides=1)
        title = (await deck.owner.see(deck.path, min_position=await system.table.caught_up()))["title"]
        await tampered(fast, "update project_rows set title = 'wrong'")
        other = system.person(deck.owner.user)
        async with system_on(fast) as late:
            assert (await other.at(late).see(deck.path))["title"] in {"wrong", title}

            rebuilt = await rebuild(fast, read_models(), quiet, processes=1)

            assert [d.table for d in rebuilt.differences] == ["project_rows"]
            shown = await other.at(late).see(deck.path, min_position=rebuilt.position)
            assert shown["title"] == title


async def test_an_interrupted_rebuild_goes_on_where_it_was(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=3, writers=4)
        models = read_models()
        async with rebuilding(fast) as rebuilds:
            run = await rebuilds.begin(models, 4)
            # A shard is a range of random ids: with few projects, some have none.
            done, shards = 0, iter(run.shards)
            while not done:
                await asyncio.to_thread(fold_shards, fast, run, [next(shards)])
                done = await rebuilds.folded()
        assert 0 < done < run.errand.head

        rebuilt = await rebuild(fast, models, quiet, processes=1)

        assert rebuilt.resumed
        assert rebuilt.differences == []
    await check_rows(fast)


async def test_rows_are_the_same_wherever_the_chunks_end(
    fast: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=3, writers=3)
        await system.table.caught_up()
        monkeypatch.setattr(rebuilding_module, "CHUNK", 3)
        async with rebuilding(fast) as rebuilds:
            run = await rebuilds.begin(read_models(), 2)
            await asyncio.to_thread(fold_shards, fast, run, run.shards)
            assert await rebuilds.folded() == run.errand.head

        rebuilt = await rebuild(fast, read_models(), quiet, check=True, processes=1)

        assert rebuilt.resumed
        assert (rebuilt.differing, rebuilt.differences) == (0, [])
        assert rebuilt.rows > 20


async def test_who_was_left_behind_folds_nothing_into_live_tables(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=2, writers=2)
        async with rebuilding(fast) as rebuilds:
            run = await rebuilds.begin(read_models(), 2)
        # It was killed, and another one came to the end; a process that it had started has not begun yet.
        await rebuild(fast, read_models(), quiet, processes=1)
        with pytest.raises(Superseded):
            await asyncio.to_thread(fold_shards, fast, run, run.shards)
        # The same where another rebuild is under way, of other models.
        async with rebuilding(fast) as rebuilds:
            await rebuilds.begin([m for m in read_models() if m.name == "jobs"], 2)
            with pytest.raises(Superseded):
                await asyncio.to_thread(fold_shards, fast, run, run.shards)
            await rebuilds.discard()
        await system.table.caught_up()
    await check_rows(fast)


async def test_two_at_the_same_shards_fold_each_event_once(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=3, writers=3)
        async with rebuilding(fast) as rebuilds:
            run = await rebuilds.begin(read_models(), 2)
            both = (asyncio.to_thread(fold_shards, fast, run, run.shards) for _ in range(2))
            await asyncio.gather(*both)
            assert await rebuilds.folded() == run.errand.head
        rebuilt = await rebuild(fast, read_models(), quiet, processes=1)
        assert (rebuilt.resumed, rebuilt.differing) == (True, 0)
        await system.table.caught_up()
    await check_rows(fast)


async def test_what_was_replaced_can_be_had_back_until_it_is_confirmed(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=2, writers=2)
        with pytest.raises(Nothing):
            await revert(fast)
        await rebuild(fast, read_models(), quiet, processes=1)
        await all_busy(system, rounds=2, writers=2)

        models, position = await revert(fast)

        assert sorted(models) == sorted(MODELS)
        assert position > 0
        await all_busy(system, rounds=2, writers=2)
        await system.table.caught_up()
        await check_rows(fast)
        async with rebuilding(fast) as rebuilds:
            assert sorted(await rebuilds.confirm()) == sorted(MODELS)
        with pytest.raises(Nothing):
            await revert(fast)


async def test_only_one_rebuilds_at_a_time(fast: Settings) -> None:
    async with rebuilding(fast):
        with pytest.raises(Busy):
            await rebuild(fast, read_models(), quiet, processes=1)


async def test_some_models_can_be_rebuilt_alone(fast: Settings) -> None:
    async with system_on(fast) as system, working(fast):
        await all_busy(system, rounds=2, writers=2)
        blocks = [m for m in read_models() if m.name == "blocks"]

        rebuilt = await rebuild(fast, blocks, quiet, processes=1)

        assert rebuilt.models == ("blocks",)
        await system.table.caught_up()
    await check_rows(fast)
