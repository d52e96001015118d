"""Who is here and where, over two gateways, and the sessions that come of it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from running import JSON, Deck, Live, Person, System, eventually, serving_read

from infra.embedded.health import is_healthy
from infra.embedded.ports import free_port
from infra.embedded.process import spawn
from tests.conftest import environment


@pytest.fixture(scope="module")
async def other(system: System) -> AsyncIterator[System]:
    """A second gateway of the same deployment."""
    async with serving_read(system.settings) as url:
        yield system.reading(url)


async def shared(system: System) -> tuple[Deck, Person, Person]:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    await deck.grant(grace, "viewer")
    return deck, ada, grace


async def sessions(deck: Deck) -> list[JSON]:
    items: list[JSON] = (await deck.owner.see(f"{deck.path}/sessions"))["items"]
    return items


async def told(live: Live, kind: str, **fields: object) -> list[JSON]:
    """Take messages of a type until one has these fields."""
    found: list[JSON] = []
    async with asyncio.timeout(10):
        while not found or any(found[-1].get(k) != v for k, v in fields.items()):
            found.append(await live.until(kind))
    return found


async def test_members_see_each_other_over_gateways(system: System, other: System) -> None:
    deck, ada, grace = await shared(system)
    async with ada.live(deck.id) as mine:
        async with grace.at(other).live(deck.id) as hers:
            for live in (mine, hers):
                here = (await told(live, "presence", total=2))[-1]["here"]
                assert [p["user"] for p in here] == [ada.user, grace.user]
                assert {p["session"] for p in here} == {mine.welcome["session"], hers.welcome["session"]}
            await hers.socket.send('{"type":"cursor","block_id":"b1","offset":3,"unknown":[1]}')
            cursor = await mine.until("cursor")
            assert cursor == {
                "type": "cursor",
                "session": hers.welcome["session"],
                "user": grace.user,
                "block_id": "b1",
                "cursor": {"block_id": "b1", "offset": 3},
            }
            await hers.socket.send('{"type":"selection","block_id":"b2","start":0,"end":4}')
            assert (await mine.until("cursor"))["selection"] == {"block_id": "b2", "start": 0, "end": 4}
            # Who moved is not told of it: only what others do comes back.
            await mine.socket.send('{"type":"cursor","block_id":"b3"}')
            assert (await hers.until("cursor"))["user"] == ada.user
        assert (await told(mine, "presence", total=1))[-1]["here"][0]["user"] == ada.user


async def test_who_comes_later_sees_where_the_others_are(system: System) -> None:
    deck, ada, grace = await shared(system)
    async with ada.live(deck.id) as mine:
        await mine.socket.send('{"type":"cursor","block_id":"b1"}')
        await mine.socket.send('{"type":"ping"}')
        await mine.until("pong")
        async with grace.live(deck.id) as hers:
            here = (await told(hers, "presence", total=2))[-1]["here"]
            assert here[0]["cursor"] == {"block_id": "b1"}


async def test_a_cursor_that_moves_fast_is_told_at_a_pace(system: System) -> None:
    deck, ada, grace = await shared(system)
    async with ada.live(deck.id) as mine, grace.live(deck.id) as hers:
        await mine.until("presence")
        for n in range(45):
            await hers.socket.send(f'{{"type":"cursor","block_id":"b","offset":{n}}}')
        found = await told(mine, "cursor", cursor={"block_id": "b", "offset": 44})
        assert len(found) < 20


@pytest.mark.parametrize(
    "fields",
    ['"block_id":7', '"block_id":"' + "x" * 65 + '"', '"x":"1"', '"offset":1.5', '"x":1e99', '"start":true',
     '"block_ids":"b"', '"block_ids":[1]', '"block_ids":[' + ",".join(['"b"'] * 101) + "]"],
)  # fmt: skip
async def test_a_cursor_of_another_form_closes_4400(system: System, fields: str) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with ada.live(deck.id) as live:
        await live.socket.send(f'{{"type":"cursor",{fields}}}')
        assert (await live.closed())[0] == 4400


async def test_a_socket_that_does_something_becomes_a_session(system: System, other: System) -> None:
    deck, ada, grace = await shared(system)
    async with ada.live(deck.id) as mine:
        async with grace.at(other).live(deck.id) as hers:
            await hers.socket.send('{"type":"cursor","block_id":"b1"}')
            joined = await mine.until("event", event="session-joined", seconds=10)
            assert joined["stream"] == {
                "id": hers.welcome["session"], "kind": "collaboration-session", "version": 1
            }  # fmt: skip
            assert joined["actor"] == {"id": grace.user, "kind": "person"}

            async def listed() -> bool:
                return hers.welcome["session"] in {s["id"] for s in await sessions(deck)}

            await eventually(listed)
        left = await mine.until("event", event="session-left", seconds=10)
        assert (left["stream"]["id"], left["data"]) == (hers.welcome["session"], {"reason": "closed"})

        async def listed_no_more() -> bool:
            return not await listed()

        await eventually(listed_no_more)


async def test_who_had_to_go_has_left_because_of_it(system: System) -> None:
    deck, ada, grace = await shared(system)
    async with ada.live(deck.id) as mine, grace.live(deck.id) as hers:
        await hers.socket.send('{"type":"cursor","block_id":"b1"}')
        await mine.until("event", event="session-joined", seconds=10)
        await deck.revoke(grace)
        assert (await hers.closed())[0] == 4403
        assert (await mine.until("event", event="session-left", seconds=10))["data"] == {"reason": "revoked"}


async def test_a_dead_gateways_sockets_are_gone_within_half_a_minute(system: System, tmp_path: Path) -> None:
    deck, ada, grace = await shared(system)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = await spawn(
        [sys.executable, "-m", "workers.cli", "serve", "live", "--port", str(port)],
        env=environment(system.settings),
        log=tmp_path / "live.log",
        death_signal=signal.SIGTERM,
    )
    try:
        await eventually(lambda: is_healthy(f"{url}/api/health"), 30)
        async with ada.live(deck.id) as mine:
            async with grace.at(system.reading(url)).live(deck.id) as hers:
                await hers.socket.send('{"type":"cursor","block_id":"b1"}')
                await mine.until("event", event="session-joined", seconds=15)
                await process.end((signal.SIGKILL, 5.0))
            left, here = None, []
            async with asyncio.timeout(30):
                while left is None or len(here) != 1:
                    message = orjson.loads(await mine.socket.recv())
                    if message["type"] == "presence":
                        here = message["here"]
                    elif message.get("event") == "session-left":
                        left = message
            assert (left["stream"]["id"], left["data"]) == (hers.welcome["session"], {"reason": "expired"})
            assert [p["user"] for p in here] == [ada.user]
    finally:
        await process.end((signal.SIGKILL, 5.0))
