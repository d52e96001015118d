"""A write process over a log that is another one all of a sudden: it decides on nothing that it knew before."""

import asyncio

import pytest
from running import System, eventually, looking, system_on

from infra.postgres.connections import pool
from infra.postgres.epochs import EpochWatch
from infra.settings import Settings

NOTIFIED = ", pg_notify('decklog_epoch', epoch::text)"


async def lose_tail(system: System, position: int, *, notify: bool) -> None:
    """What a failover to an older log does: its tail is gone, and its epoch another."""
    async with system.table.connection.transaction():
        await system.table.rows("delete from stored_events where notification_id > %s returning 1", position)
        await system.table.rows("delete from command_results returning 1")
        query = f"update log_head set position = %s, epoch = gen_random_uuid() returning 1{NOTIFIED * notify}"
        await system.table.rows(query, position)


@pytest.mark.parametrize("notify", [True, False])
async def test_what_is_cached_of_another_log_is_forgotten(settings: Settings, *, notify: bool) -> None:
    async with system_on(settings) as system:
        ada = system.person()
        deck = await ada.deck(slides=1, texts=1)
        text = deck.blocks[1]
        kept = deck.position
        for n in range(5):
            await deck.change("edit-block", block_id=text, changes={"text": f"lost {n}"})
        await deck.add("text", {"text": "lost"}, deck.blocks[0])
        await lose_tail(system, kept, notify=notify)

        async def edited() -> bool:
            fields = {"project_id": deck.id, "block_id": text, "changes": {"text": "after"}}
            answer = await ada.post("edit-block", fields)
            # Until the process has noticed, it can only refuse: its versions are not the log's.
            assert answer.status_code in (200, 503), answer.text
            return answer.status_code == 200

        await eventually(edited, 10)
        state = "select convert_from(state, 'UTF8')::json from stored_events order by notification_id desc limit 1"
        assert await system.table.value(state) == {"changes": {"text": "after"}}
        assert await system.table.head() == kept + 1
        # The outline is another too: what was added is not there to stand behind.
        added = await ada.post(
            "move-block", {"project_id": deck.id, "block_id": deck.blocks[2], "after_id": text}
        )
        assert added.status_code == 404


async def test_one_change_is_told_once(settings: Settings) -> None:
    told: list[int] = []
    connections = pool(settings, "test")
    await connections.open()
    watch = EpochWatch(settings, connections, lambda: told.append(1))
    await watch.start()
    try:
        async with looking(settings) as table:
            await asyncio.wait_for(_known(watch), 5)
            for n in (1, 2):
                await table.rows(f"update log_head set epoch = gen_random_uuid() returning 1{NOTIFIED}")

                async def heard(n: int = n) -> bool:
                    return len(told) == n

                await eventually(heard)
            await table.rows("select pg_notify('decklog_epoch', '')")
            await table.rows("select pg_sleep(1.2)")
            assert len(told) == 2
    finally:
        await watch.stop()
        await connections.close()


async def _known(watch: EpochWatch) -> None:
    async def known() -> bool:
        return watch._known is not None

    await eventually(known)
