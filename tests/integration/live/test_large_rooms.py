"""More sockets than one turn of writing has: they are written to at different moments, and all get the same."""

import asyncio
from contextlib import AsyncExitStack

from running import Live, system_on, working

from infra.settings import Settings
from read_api.live import room

SOCKETS = 2 * room.CHUNK + 50


async def test_each_of_many_gets_all_in_order_while_they_come_and_go(settings: Settings) -> None:
    crowded = settings.model_copy(update={"ws_max_per_user": 2 * SOCKETS})
    async with system_on(crowded) as system, working(crowded), AsyncExitStack() as stack:
        deck = await system.person().deck(slides=4)
        start = deck.position

        async def come() -> Live:
            return await stack.enter_async_context(deck.owner.live(deck.id, after=start))

        there = [await come() for _ in range(SOCKETS)]
        done = asyncio.Event()

        async def write(block: str) -> None:
            for n in range(25):
                await deck.change("edit-block", block_id=block, changes={"title": str(n)})

        async def go_and_come() -> list[Live]:
            """Move who is in which chunk, while there is something to write."""
            late: list[Live] = []
            while not done.is_set():
                there.pop(0).socket.transport.abort()
                late.append(await come())
            return late

        moving = asyncio.create_task(go_and_come())
        await asyncio.gather(*(write(block) for block in deck.blocks))
        done.set()
        readers = [*there, *await moving]
        positions = await system.table.positions(deck.id, start)
        # Sessions that begin and end are events too.
        assert len(positions) >= 100
        for found in await asyncio.gather(*(reader.events(positions[-1], 30) for reader in readers)):
            assert [event["position"] for event in found] == positions
        for reader in readers:
            # Who has not read all that came does not hear that the server closes, either.
            reader.socket.transport.abort()
