"""A history of any length: what streams it takes no more memory for it."""

import gc
import tracemalloc

from running import Deck, System, system_on

from infra.settings import Settings

EVENTS = 10_000


async def lengthen(system: System, deck: Deck) -> None:
    """Multiply a deck's first block, by SQL: the hashes are not right, and nobody asks for them."""
    added = "select * from stored_events where project_id = %s and topic = 'decklog.block.added' limit 1"
    await system.table.connection.execute(
        f"insert into stored_events select gen_random_uuid(), 1, topic, state, %s + n, project_id, gen_random_uuid(),"
        f" recorded_at, metadata, hash from ({added}) one, generate_series(1, %s) n".encode(),
        [deck.position, deck.id, EVENTS],
    )
    await system.table.connection.execute("update log_head set position = position + %s", [EVENTS])


async def test_ndjson_takes_the_memory_of_a_few_chunks_however_long_it_is(settings: Settings) -> None:
    async with system_on(settings) as system:
        deck = await system.person().deck(slides=1)
        await lengthen(system, deck)
        headers = {**deck.owner.headers, "Accept": "application/x-ndjson"}

        async def peak(to: int) -> int:
            """Read up to a position; return the most memory that was taken meanwhile."""
            gc.collect()
            tracemalloc.reset_peak()
            before, lines = tracemalloc.get_traced_memory()[0], 0
            url = f"{system.read_url}{deck.path}/history"
            async with system.client.stream("GET", url, params={"to": to}, headers=headers) as answer:
                async for piece in answer.aiter_bytes():
                    lines += piece.count(b"\n")
            assert lines == to
            return tracemalloc.get_traced_memory()[1] - before

        tracemalloc.start()
        try:
            await peak(1_500)
            # What else goes on in the process adds to some peaks; what a history's length adds is in all of them.
            short, long = [min([await peak(to) for _ in range(2)]) for to in (2_000, EVENTS)]
        finally:
            tracemalloc.stop()
        assert long < 2 * short
