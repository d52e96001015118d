import asyncio
import random
from contextlib import suppress

import httpx
import orjson
import pytest
from running import JSON, Deck, Person, System, eventually, system_on, working
from websockets.exceptions import ConnectionClosed

from infra.redis.client import redis_client
from infra.settings import Settings


async def write(deck: Deck, times: int, writer: int) -> None:
    block = deck.blocks[writer % len(deck.blocks)]
    for n in range(times):
        await deck.owner.do(
            "edit-block", project_id=deck.id, block_id=block, changes={"title": f"{writer} {n}"}
        )


async def follow(
    reader: Person, deck: Deck, start: int, goal: asyncio.Future[int], picked: random.Random
) -> list[JSON]:
    """Read from a position on, dropping the connection now and then, until the goal is known and reached."""
    events: list[JSON] = []
    after = start

    def done() -> bool:
        return goal.done() and after >= goal.result()

    while not done():
        left = picked.randint(1, 25)
        async with reader.live(deck.id, after=after) as live:
            while left and not done():
                with suppress(TimeoutError):
                    message = await live.message(0.3)
                    assert message.pop("type") == "event", message
                    events.append(message)
                    after = message["position"]
                    left -= 1
            if picked.random() < 0.5:
                live.socket.transport.abort()
    return events


@pytest.mark.parametrize("seed", [1])
async def test_each_reader_gets_the_log_whatever_connections_it_loses(system: System, seed: int) -> None:
    picked = random.Random(seed)  # noqa: S311 - the same choices in every run
    ada = system.person()
    decks = [await ada.deck(slides=3) for _ in range(2)]
    goals = [asyncio.get_running_loop().create_future() for _ in decks]
    readers = [
        (
            deck,
            start := picked.randint(0, deck.position),
            follow(ada, deck, start, goal, random.Random(picked.random())),  # noqa: S311 - as above
        )
        for deck, goal in zip(decks, goals, strict=True)
        for _ in range(4)
    ]

    async def write_all() -> None:
        await asyncio.gather(*(write(deck, 15, w) for deck in decks for w in range(4)))
        for deck, goal in zip(decks, goals, strict=True):
            goal.set_result((await system.table.positions(deck.id))[-1])

    async with asyncio.timeout(40):
        *found, _ = await asyncio.gather(*(r for _, _, r in readers), write_all())
    for (deck, start, _), events in zip(readers, found, strict=True):
        assert [e["position"] for e in events] == await system.table.positions(deck.id, start)
    history = await ada.all_pages(f"{decks[0].path}/history")
    full = [
        (start, events) for (deck, start, _), events in zip(readers, found, strict=True) if deck is decks[0]
    ]
    for start, events in full:
        assert events == [e for e in history if e["position"] > start]


async def sse(reader: Person, deck: Deck, up_to: int, **headers: str) -> list[tuple[str, str, JSON]]:
    """Read server-sent events until one has this position: (id, name, data)."""
    found: list[tuple[str, str, JSON]] = []
    fields: dict[str, str] = {}
    url = reader.system.read_url + deck.path + "/events"
    async with (
        asyncio.timeout(10),
        reader.system.client.stream("GET", url, headers={**reader.headers, **headers}) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line and fields:
                found.append((fields["id"], fields["event"], orjson.loads(fields["data"])))
                fields = {}
                if int(found[-1][0]) >= up_to:
                    break
    return found


async def test_server_sent_events_are_the_same_sequence(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=2)
    reading = asyncio.create_task(sse(ada, deck, deck.position + 1, **{"Last-Event-ID": "0"}))
    await deck.change("rename-project", title="Line\nfeeds are refused".replace("\n", " "))
    whole = [*await reading]
    history = await ada.all_pages(f"{deck.path}/history", min_position=deck.position)
    wanted = [(str(e["position"]), e["event"], e) for e in history]
    assert whole == wanted
    for n, (last, _, _) in enumerate(wanted[:-1]):
        assert await sse(ada, deck, deck.position, **{"Last-Event-ID": last}) == wanted[n + 1 :]
    async with ada.live(deck.id, after=0) as live:
        assert await live.events(deck.position) == [e for _, _, e in whole]


async def test_server_sent_events_begin_now_without_a_position(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    url = system.read_url + deck.path + "/events"
    async with asyncio.timeout(10), system.client.stream("GET", url, headers=ada.headers) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == ": welcome"
        await deck.change("rename-project", title="Now")
        async for line in lines:
            if line.startswith("id: "):
                assert line == f"id: {deck.position}"
                break


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 5000])
async def test_a_wrong_last_event_id_is_named(system: System, last: str) -> None:
    ada = system.person()
    deck = await ada.deck()
    answer = await ada.get(f"{deck.path}/events", {"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


@pytest.mark.parametrize("workers", ["running", "none"])
async def test_server_sent_events_end_with_the_membership(system: System, idle: System, workers: str) -> None:
    place = system if workers == "running" else idle
    ada, grace = place.person(), place.person()
    deck = await ada.deck()
    granted = await deck.grant(grace, "viewer")
    url = f"{place.read_url}{deck.path}/events?after={granted}"
    async with asyncio.timeout(5), place.client.stream("GET", url, headers=grace.headers) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == ": welcome"
        await deck.revoke(grace)
        await deck.add("slide", {"title": "secret"})
        async with asyncio.timeout(1):
            rest = [line async for line in lines]
    assert not any(line.startswith("data") for line in rest)
    assert (await grace.get(f"{deck.path}/events")).status_code == 404


async def test_server_sent_events_end_with_the_token(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    ada.token = system.token(ada.user, ttl=2)
    url = f"{system.read_url}{deck.path}/events"
    with suppress(httpx.RemoteProtocolError):
        async with asyncio.timeout(4), system.client.stream("GET", url, headers=ada.headers) as answer:
            assert [line async for line in answer.aiter_lines()] == [": welcome", ""]


async def test_nothing_is_lost_when_redis_loses_everything(settings_on_spare: Settings) -> None:
    fast = settings_on_spare.model_copy(update={"relay_heartbeat_ms": 250})
    async with system_on(fast) as system, working(fast), redis_client(fast) as redis:
        ada = system.person()
        decks = [await ada.deck(slides=2) for _ in range(3)]
        stop = asyncio.Event()

        async def flush() -> None:
            picked = random.Random(5)  # noqa: S311 - the same choices in every run
            while not stop.is_set():
                await redis.flushall()
                with suppress(TimeoutError):
                    async with asyncio.timeout(picked.uniform(0.05, 0.5)):
                        await stop.wait()

        async def read(deck: Deck) -> list[int]:
            found: list[int] = []
            async with ada.live(deck.id, after=0) as live, asyncio.timeout(25):
                with suppress(ConnectionClosed):
                    while not stop.is_set() or found != await system.table.positions(deck.id):
                        with suppress(TimeoutError):
                            found.append((await live.message(0.3))["position"])
            return found

        readers = [asyncio.create_task(read(d)) for d in decks for _ in range(2)]
        flushing = asyncio.create_task(flush())
        await asyncio.gather(*(write(d, 25, w) for d in decks for w in range(2)))
        stop.set()
        await flushing
        for deck, found in zip(
            [d for d in decks for _ in range(2)], await asyncio.gather(*readers), strict=True
        ):
            # That a reader left is an event too, which no reader is there for any more.
            log = await system.table.positions(deck.id)
            assert found == [p for p in log if p <= found[-1]]
        await system.table.caught_up()

        async def seen_live() -> bool:
            """And what is written afterwards comes by the stream again, not by a look at the log."""
            async with ada.live(decks[0].id) as live:
                await decks[0].change("rename-project", title=f"After {asyncio.get_running_loop().time()}")
                await live.events(decks[0].position)
            return True

        await eventually(seen_live)
