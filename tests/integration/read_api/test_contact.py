"""What a process holds is believed as long as it hears of the log, and no longer."""

import asyncio
from uuid import UUID

import orjson
from running import System, eventually

from infra.bootstrap import read_side
from read_api.app import _reading
from read_api.routes.projects import ProjectQueries


async def test_without_contact_what_is_held_is_passed_by(system: System) -> None:
    deck = await system.person().deck()
    await system.table.caught_up()
    settings = system.settings.model_copy(update={"relay_heartbeat_ms": 100})
    side = read_side(settings)
    await side.start()
    reading = await _reading(settings, side)
    partition = reading.partition(UUID(deck.id))
    subject = ProjectQueries(reading).subject(UUID(deck.id))
    following = asyncio.create_task(reading.hub.run())

    async def title() -> str:
        document, _ = await reading.documents.get(subject, 0)
        assert document is not None
        found: str = orjson.loads(document.body)["title"]
        return found

    async def heard() -> bool:
        return reading.hub.in_contact(partition)

    async def silent() -> bool:
        return not reading.hub.in_contact(partition)

    before = "select title from project_rows where project_id = %s"
    written: str = await system.table.value(before, deck.id)
    change = "update project_rows set title = %s where project_id = %s returning 1"
    try:
        await eventually(heard)
        assert await title() == written
        await system.table.rows(change, "Behind everybody's back", deck.id)
        # As long as it hears of the log, it knows that there was no event.
        await eventually(heard)
        assert await title() == written
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await eventually(silent)
        assert await title() == "Behind everybody's back"
        stats = reading.documents.stats()
        assert stats["l1"]["bypassed"] == 1
        assert 0 <= stats["staleness"]["most_ms"] <= stats["staleness"]["bound_ms"] == 400
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await system.table.rows(change, written, deck.id)
        await side.stop()
