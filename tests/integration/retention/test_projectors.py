"""Projectors that are anywhere in the log when a project leaves it or comes back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from retained import Deck, nothing, two_decks, value
from running import eventually, looking, working

from domain.project import ProjectRetention
from infra.audit.attaching import attach
from infra.audit.detaching import detach
from infra.audit.moved import NotPossible
from infra.bootstrap import WorkerSide, read_models, worker_side
from infra.settings import Settings
from projections.partitions import partition_of
from projections.runner import Runner

ROWS = (
    "select project_id, title, members::text from project_rows order by 1",
    "select user_id, project_id, role from member_rows order by 1, 2",
    "select project_id, block_id, version, position, content::text from block_rows order by 1, 2",
)


async def project(side: WorkerSide, to: int) -> None:
    """Bring every partition up to a position, in small steps."""
    for partition in range(4):
        runner = Runner(side.models, side.database, partition, side.log, 4)
        position = await runner.position()
        while position < to:
            step = min(to, position + 4)
            events = await side.log.after(position, to=step)
            await runner.deliver([e for e in events if partition_of(e.project_id, 4) == partition], step)
            position = step


async def rows(settings: Settings) -> list[list[Any]]:
    async with looking(settings) as table:
        return [await table.rows(query) for query in ROWS]


def only(found: list[list[Any]], deck: Deck) -> list[list[Any]]:
    return [[row for row in some if deck.id in row] for some in found]


@pytest.mark.parametrize("reached", [0, 8, 11, 16, 24])
async def test_one_that_is_behind_meets_tombstones(settings: Settings, file: Path, reached: int) -> None:
    side = worker_side(settings)
    await side.start()
    try:
        async with two_decks(settings) as (log, goes, stays):
            await project(side, reached)
            await asyncio.to_thread(detach, settings, goes.id, file, nothing)
            if 9 <= reached < 24:
                # What it has of the project so far is half of it, and the other half is tombstones to it.
                with pytest.raises(NotPossible, match=f"have come to position {reached} only"):
                    await asyncio.to_thread(attach, settings, file, nothing)
            await project(side, 25)
            found = await rows(settings)
            assert only(found, goes) == [[], [], []]
            assert [len(some) for some in only(found, stays)] == [1, 1, 3]

            await asyncio.to_thread(attach, settings, file, nothing)
            await project(side, 26)
            found = await rows(settings)
            assert [len(some) for some in only(found, goes)] == [1, 1, 3]
            assert only(found, goes)[0] == [(goes.id, "Other", '{"ada":"owner"}')]
            assert {(version, content) for _, _, version, _, content in only(found, goes)[2]} == {
                (4, '{"title":"secret 2"}')
            }
            last = [e for e in await log.after(0, 100) if isinstance(e.event, ProjectRetention)]
            assert [e.position for e in last] == [25, 26]
    finally:
        await side.stop()


async def test_one_that_never_began_finds_everything_back(settings: Settings, file: Path) -> None:
    side = worker_side(settings)
    await side.start()
    try:
        async with two_decks(settings) as (_, goes, _):
            await asyncio.to_thread(detach, settings, goes.id, file, nothing)
            await asyncio.to_thread(attach, settings, file, nothing)
            await project(side, 26)
            assert [len(some) for some in only(await rows(settings), goes)] == [1, 1, 3]
    finally:
        await side.stop()


async def test_nothing_comes_back_into_a_rebuild(settings: Settings, file: Path) -> None:
    if value(settings, "select to_regclass('projection_rebuild')") is None:
        pytest.skip("rebuilds beside the live tables are not there yet")
    async with two_decks(settings) as (_, goes, _):
        await asyncio.to_thread(detach, settings, goes.id, file, nothing)
        value(
            settings,
            "insert into projection_rebuild (models, versions, epoch, head, position)"
            " values ('{blocks}', '{1}', gen_random_uuid(), 25, 0) returning 1",
        )
        with pytest.raises(NotPossible, match="being rebuilt"):
            await asyncio.to_thread(attach, settings, file, nothing)
        value(settings, "delete from projection_rebuild returning 1")
        await asyncio.to_thread(attach, settings, file, nothing)


async def test_workers_that_begin_on_a_log_with_tombstones(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (_, goes, stays):
        await asyncio.to_thread(detach, settings, goes.id, file, nothing)
    async with working(settings), looking(settings) as table:

        async def there() -> bool:
            known, least = (await table.rows("select count(*), min(position) from projection_checkpoints"))[0]
            return known == 4 * len(read_models()) and least >= 25

        await eventually(there, 15)
        found = await rows(settings)
        assert only(found, goes) == [[], [], []]
        assert [len(some) for some in only(found, stays)] == [1, 1, 3]
