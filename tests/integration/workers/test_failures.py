"""A read model that cannot fold an event: it stops alone, is shown, and can be told to leave the event out."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from running import eventually, looking, system_on

from domain.events import Recorded
from infra.bootstrap import worker_side
from infra.settings import Settings
from projections import failures
from projections.blocks.projector import BlocksModel
from projections.partitions import partition_of
from projections.ports import Session
from projections.runner import Runner


class Choosy(BlocksModel):
    """The blocks model, but for events that it does not like."""

    def __init__(self) -> None:
        self.hated: set[int] = set()

    async def apply(self, session: Session, events: Sequence[Recorded]) -> None:
        if hated := [e.position for e in events if e.position in self.hated]:
            raise ValueError(f"cannot fold {hated}")
        await super().apply(session, events)


async def test_a_poison_event_stops_its_model_alone_until_it_is_skipped(settings: Settings) -> None:
    async with system_on(settings) as system:
        deck = await system.person().deck(slides=3, texts=2)
        head = await system.table.head()
        poison = await system.table.value(
            "select notification_id from stored_events where originator_id = %s", deck.blocks[4]
        )
        side = worker_side(settings)
        await side.start()
        try:
            choosy = Choosy()
            choosy.hated.add(poison)
            models = [choosy if m.name == "blocks" else m for m in side.models]
            partition = partition_of(UUID(deck.id), settings.stream_partitions)
            runner = Runner(models, side.database, partition, side.log, settings.stream_partitions)
            events = await side.log.project(UUID(deck.id), 0)

            await runner.deliver(events, head)

            async def checkpoint(model: str) -> int:
                position: int = await system.table.value(
                    "select position from projection_checkpoints where model = %s and partition = %s",
                    model,
                    partition,
                )
                return position

            assert await checkpoint("projects") == head
            assert await checkpoint("blocks") == poison - 1
            assert await system.table.value("select count(*) from block_rows") == 4
            async with side.database.session() as session:
                [failure] = await failures.table(session)
            assert (failure.model, failure.partition, failure.position) == ("blocks", partition, poison)
            assert "cannot fold" in failure.error
            health = (await system.client.get(f"{system.read_url}/api/health")).json()
            assert health["stopped"] == [{"model": "blocks", "partition": partition, "position": poison}]

            await deck.change("rename-project", title="On it goes")
            later = await side.log.project(UUID(deck.id), head)
            await runner.deliver(later, await system.table.head())
            assert await checkpoint("projects") == head + 1

            async with side.database.session() as session:
                await failures.skip(session, "blocks", poison, reason="a test", by="ada")
            tending = asyncio.create_task(runner.tend())

            async def caught_up() -> bool:
                async with side.database.session() as session:
                    stands = await failures.table(session)
                return await checkpoint("blocks") == head + 1 and not stands

            await eventually(caught_up, 20)
            tending.cancel()
            assert await system.table.value("select count(*) from block_rows") == len(deck.blocks) - 1
        finally:
            await side.stop()


async def test_what_fails_for_all_models_is_no_matter_of_events(settings: Settings) -> None:
    async with system_on(settings) as system:
        deck = await system.person().deck()
        side = worker_side(settings)
        await side.start()
        runner = Runner(side.models, side.database, 0, side.log, 1)
        events = await side.log.project(UUID(deck.id), 0)
        await side.stop()
        with pytest.raises(Exception, match=r"."):
            await runner.deliver(events, 1)
        async with looking(settings) as table:
            assert await table.value("select count(*) from projection_failures") == 0


async def test_a_model_that_lacks_what_was_before_takes_that_from_the_log_first(settings: Settings) -> None:
    async with system_on(settings) as system:
        deck = await system.person().deck(slides=2, texts=1)
        head = await system.table.head()
        side = worker_side(settings)
        await side.start()
        try:
            partition = partition_of(UUID(deck.id), settings.stream_partitions)
            runner = Runner(side.models, side.database, partition, side.log, settings.stream_partitions)
            assert await runner.position() == 0
            await runner.deliver(await side.log.project(UUID(deck.id), 0), head)
            # As if it had been let go on while others were given more.
            await system.table.rows("delete from block_rows returning 1")
            await system.table.rows(
                "update projection_checkpoints set position = 0 where model = 'blocks' and partition = %s"
                " returning 1",
                partition,
            )
            await deck.change("rename-project", title="Next")
            reached = await system.table.head()
            await runner.deliver(await side.log.project(UUID(deck.id), head), reached)
        finally:
            await side.stop()
        assert await system.table.rows(
            "select distinct position from projection_checkpoints where partition = %s", partition
        ) == [(reached,)]
        assert await system.table.value("select count(*) from block_rows") == len(deck.blocks)
        assert await system.table.value("select title from project_rows") == "Next"
