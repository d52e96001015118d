"""Another epoch of the log, met while everything runs: nothing of before is believed or sent any more."""

import time

from documented import Judge, described
from redis.asyncio import Redis
from running import System, eventually, system_on, working

from infra.settings import Settings


async def begin_anew(system: System) -> str:
    """What a restore does last; return the epoch that it makes."""
    return str(await system.table.value("update log_head set epoch = gen_random_uuid() returning epoch"))


async def test_a_new_epoch_resets_live_readers_and_answers(settings: Settings) -> None:
    async with working(settings), system_on(settings) as system:
        judge = Judge(await described(system))
        ada = system.person()
        deck = await ada.deck(slides=3)
        await system.table.caught_up()
        before = await ada.get(deck.path)
        page = await ada.see(f"{deck.path}/blocks", limit=1)
        async with ada.live(deck.id) as live, ada.live(deck.id, after=0) as other:
            await other.events(deck.position)
            begun = time.monotonic()
            epoch = await begin_anew(system)

            for reader in (live, other):
                code, said = await reader.closed()
                assert (code, said) == (4409, [{"type": "reset"}])
                judge("live.server.reset", said[0])
            assert time.monotonic() - begun < 5

        async def answers_anew() -> bool:
            return (await ada.get(deck.path)).headers["ETag"].startswith(f'W/"{epoch[:8]}')

        await eventually(answers_anew)
        after = await ada.get(deck.path, headers={"If-None-Match": before.headers["ETag"]})
        assert (after.status_code, after.json()) == (200, before.json())
        refused = await ada.get(f"{deck.path}/blocks", cursor=page["next_cursor"])
        assert refused.status_code == 422

        async with ada.live(deck.id) as live:
            assert live.welcome["epoch"] == epoch
            await deck.change("rename-project", title="Anew")
            [event] = await live.events(deck.position)
            assert event["event"] == "project-renamed"

        async with Redis.from_url(str(settings.redis_url)) as redis:

            async def streams_of_now() -> bool:
                # What changed before the workers began anew is read from the log by all: no stream needs it.
                # And the same title again would be no change.
                await deck.change("rename-project", title=f"Anew at {time.monotonic_ns()}")
                found = [k async for k in redis.scan_iter(match=f"decklog:{epoch[:8]}:live:*")]
                return bool(found)

            # The workers have begun anew too.
            await eventually(streams_of_now, 10)


async def test_server_sent_events_end_with_a_reset(settings: Settings) -> None:
    async with system_on(settings) as system:
        ada = system.person()
        deck = await ada.deck()
        url = f"{system.read_url}{deck.path}/events"
        said = b""
        async with system.client.stream("GET", url, params={"after": 0}, headers=ada.headers) as answer:
            async for chunk in answer.aiter_bytes():
                if not said.count(b"id: "):
                    await begin_anew(system)
                said += chunk
        assert said.endswith(b'event: reset\ndata: {"type":"reset"}\n\n')
