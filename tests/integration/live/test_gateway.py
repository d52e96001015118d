"""The gateway around its sockets: limits, origins, slow readers, compression, pings, the drain, and its numbers."""

import asyncio
import socket as sockets
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import orjson
import pytest
from documented import Judge, described
from running import (
    JSON,
    Live,
    Person,
    System,
    eventually,
    live_url,
    opened_live,
    opened_socket,
    serving,
    serving_read,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from infra.settings import Settings
from read_api.app import create_app

CJK = "\u5de7" * 9_000


@asynccontextmanager
async def another(system: System, **changes: object) -> AsyncIterator[System]:
    """A gateway of the same deployment with other settings."""
    settings = Settings.model_validate({**system.settings.model_dump(), **changes})
    async with serving_read(settings) as url:
        yield system.reading(url)


async def refusal(url: str, token: str, **more: Any) -> tuple[int, str]:
    protocols = [Subprotocol("decklog.v1"), Subprotocol(f"bearer.{token}")]
    async with connect(url, subprotocols=protocols, proxy=None, **more) as opened, asyncio.timeout(5):
        with pytest.raises(ConnectionClosed) as closed:
            await opened.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_connections_are_limited_by_user_address_and_process(system: System) -> None:
    ada, grace, eve = (system.person() for _ in range(3))
    deck = await ada.deck()
    for person in (grace, eve):
        await deck.grant(person, "viewer")
    limits = {"ws_max_per_user": 2, "ws_max_per_ip": 4, "ws_max_connections": 5}
    async with another(system, **limits) as place, AsyncExitStack() as stack:
        url = live_url(place.read_url, deck.id)
        for person in (ada, ada, grace):
            await stack.enter_async_context(person.at(place).live(deck.id))
        assert await refusal(url, ada.token) == (4429, "one user may have 2 sockets here")
        last = await stack.enter_async_context(grace.at(place).live(deck.id))
        assert await refusal(url, eve.token) == (4429, "one address may have 4 sockets here")
        stream = await eve.at(place).get(f"{deck.path}/events")
        assert (stream.status_code, stream.json()["code"]) == (503, "unavailable")
        await last.socket.close()

        async def let_in() -> bool:
            """Who left makes room."""
            async with opened_socket(url, eve.token) as opened:
                try:
                    return orjson.loads(await opened.recv())["type"] == "welcome"
                except ConnectionClosed:
                    return False

        await eventually(let_in)
    async with another(system, ws_max_connections=1) as place, ada.at(place).live(deck.id):
        code, _ = await refusal(live_url(place.read_url, deck.id), grace.token)
        assert code == 1013


async def test_a_page_of_another_origin_may_not_connect(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    url = live_url(system.read_url, deck.id)
    assert (await refusal(url, ada.token, origin=Origin("https://evil.example")))[0] == 4406
    protocols = [Subprotocol("decklog.v1"), Subprotocol(f"bearer.{ada.token}")]
    async with connect(url, subprotocols=protocols, proxy=None, origin=Origin(system.read_url)) as opened:
        assert orjson.loads(await opened.recv())["type"] == "welcome"


def small_socket(url: str) -> sockets.socket:
    """A connection whose end here takes little."""
    host, port = url.removeprefix("http://").split(":")
    made = sockets.socket()
    made.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    made.connect((host, int(port)))
    return made


async def rest_of(opened: ClientConnection) -> tuple[list[int], int, str]:
    found: list[int] = []
    with suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            while True:
                message = orjson.loads(await opened.recv())
                if message["type"] == "event":
                    found.append(message["position"])
    return found, opened.close_code or 0, opened.close_reason or ""


async def test_a_slow_reader_is_closed_and_resumes_while_the_others_go_on(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck(texts=1)
    begun = await deck.grant(grace, "viewer")
    text = deck.blocks[-1]
    async with another(system, live_queue_max=10) as place, ada.at(place).live(deck.id) as quick:
        protocols = [Subprotocol("decklog.v1"), Subprotocol(f"bearer.{grace.token}")]
        url = live_url(place.read_url, deck.id, after=begun)
        async with connect(
            url,
            subprotocols=protocols,
            proxy=None,
            compression=None,
            sock=small_socket(place.read_url),
            max_queue=1,
        ) as slow:
            assert orjson.loads(await slow.recv())["type"] == "welcome"
            seen: list[int] = []
            # More than the kernel takes for somebody who reads nothing, in steps that the other reader follows.
            for n in range(40):
                edits = [{"type": "edit-block", "block_id": text, "changes": {"text": f"{n}.{k} {CJK}"}} for k in range(8)]  # fmt: skip
                await deck.batch(edits)
                seen += [e["position"] for e in await quick.events(deck.position)]
                stats = (await system.client.get(f"{place.read_url}/api/health")).json()["live"]
                if stats["dropped_slow"]:
                    break
            assert stats["dropped_slow"] == 1
            got, code, reason = await rest_of(slow)
        # That somebody came is an event too, and may be written down after the last of these.
        log = [p for p in await system.table.positions(deck.id, begun) if p <= seen[-1]]
        assert (code, reason) == (1013, f"too slow; resume from position {got[-1]}")
        assert got == log[: len(got)]
        assert len(got) < len(log)
        assert seen == log
        async with grace.at(place).live(deck.id, after=got[-1]) as again:
            assert [e["position"] for e in await again.events(log[-1])] == log[len(got) :]


async def raw_frames(url: str, path: str, token: str, *, deflate: bool) -> AsyncIterator[tuple[int, int]]:
    """Open a socket by hand, and give each frame's first byte and size."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    extension = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" if deflate else ""
    writer.write(
        (
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"{extension}Sec-WebSocket-Protocol: decklog.v1, bearer.{token}\r\n\r\n"
        ).encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert (b"no_context_takeover" in head) == deflate
    try:
        while True:
            first, size = await reader.readexactly(2)
            if size == 126:
                (size,) = struct.unpack(">H", await reader.readexactly(2))
            yield first, size
            await reader.readexactly(size)
    finally:
        writer.close()


@pytest.mark.parametrize("deflate", [True, False])
async def test_messages_are_compressed_from_one_kilobyte_on(system: System, *, deflate: bool) -> None:
    ada = system.person()
    deck = await ada.deck(texts=1)
    await deck.change("edit-block", block_id=deck.blocks[-1], changes={"text": "long " * 1_000})
    frames = raw_frames(system.read_url, f"{deck.path}/live?after=0", ada.token, deflate=deflate)
    found = [await anext(frames) for _ in range(1 + len(await system.table.positions(deck.id)))]
    await frames.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert [first for first, _ in found[:-1]] == [0x81] * (len(found) - 1)
    assert found[-1][0] == (0xC1 if deflate else 0x81)
    assert (found[-1][1] < 1_024) == deflate


async def test_who_answers_no_ping_is_closed(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with (
        another(system, ws_ping_interval=300, ws_ping_timeout=300) as place,
        ada.at(place).live(deck.id) as answering,
    ):
        silent = raw_frames(place.read_url, f"{deck.path}/live", ada.token, deflate=False)
        found = []
        async with asyncio.timeout(10):
            while not found or found[-1] != 0x88:
                found.append((await anext(silent))[0])
        await silent.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert 0x89 in found
        await answering.socket.send('{"type":"ping"}')
        assert (await answering.until("pong"))["type"] == "pong"


async def goodbye(live: Live) -> tuple[int, JSON]:
    code, said = await live.closed(15)
    return code, next(m for m in said if m["type"] == "bye")


async def test_a_gateway_that_ends_sends_everybody_away_at_other_times(system: System) -> None:
    judge = Judge(await described(system))
    ada = system.person()
    deck = await ada.deck()
    sockets_, stack = [], AsyncExitStack()
    async with stack:
        settings = Settings.model_validate({**system.settings.model_dump(), "ws_drain_ms": 1_000})
        async with serving_read(settings) as url:
            there = ada.at(system.reading(url))
            for _ in range(8):
                some = await asyncio.gather(
                    *(stack.enter_async_context(opened_live(there, deck.id)) for _ in range(25))
                )
                sockets_ += some
            events = f"{url}{deck.path}/events"
            stream = await stack.enter_async_context(system.client.stream("GET", events, headers=ada.headers))
            ending = asyncio.gather(*(goodbye(live) for live in sockets_), stream.aread())
        *byes, said = await ending
    assert {code for code, _ in byes} == {1012}
    for _, bye in byes:
        judge("live.server.bye", bye)
    waits = [bye["retry_after_ms"] for _, bye in byes]
    assert min(waits) >= 100
    assert len(set(waits)) > len(waits) / 2
    assert b"event: bye" in said
    assert b"retry: " in said
    with pytest.raises(OSError, match="Connect"):
        await connect(live_url(url, deck.id), proxy=None)


async def test_the_gateway_tells_its_numbers(system: System) -> None:
    ada = system.person()
    operator = Person(system, ada.user, system.token(ada.user))
    assert (await operator.get("/api/admin/live/stats")).status_code == 403
    deck = await ada.deck()
    before = (await system.client.get(f"{system.read_url}/api/health")).json()["live"]
    async with ada.live(deck.id) as live:
        await live.socket.send('{"type":"ping"}')
        await live.until("pong")
        await deck.change("rename-project", title="Told")
        await live.events(deck.position)
        now = (await system.client.get(f"{system.read_url}/api/health")).json()["live"]
    assert now["active_connections"] == before["active_connections"] + 1
    assert now["opened"] == before["opened"] + 1
    assert now["messages_in"] == before["messages_in"] + 1
    assert now["messages_out"] >= before["messages_out"] + 2
    assert now["bytes_in"] > before["bytes_in"]
    assert now["bytes_out"] > before["bytes_out"]
    assert now["commit_to_send"]["count"] >= before["commit_to_send"]["count"] + 1


async def test_under_a_server_that_hands_nothing_over_sockets_work_too(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with serving(create_app(system.settings), http="httptools") as url:
        there = ada.at(system.reading(url))
        async with there.live(deck.id, after=0) as live:
            await deck.change("rename-project", title="Seen")
            events = await live.events(deck.position)
            assert [e["position"] for e in events] == await system.table.positions(deck.id)
            await live.socket.send('{"type":"ping"}')
            assert (await live.until("pong"))["type"] == "pong"
            await live.socket.send("nonsense")
            assert (await live.closed())[0] == 4400
        async with there.live(deck.id) as live:
            live.socket.transport.abort()

        async def nobody() -> bool:
            health = (await system.client.get(f"{url}/api/health")).json()
            return int(health["live"]["active_connections"]) == 0

        await eventually(nobody)
