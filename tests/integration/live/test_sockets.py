import asyncio
import time

import pytest
from running import Live, System, eventually, live_url, lose, opened_socket, system_on, working
from websockets.exceptions import ConnectionClosed

from infra.settings import Settings


async def code_of(url: str, token: str | None) -> int | None:
    """Open a socket that is to be closed before it says anything; return the code."""
    async with opened_socket(url, token) as opened, asyncio.timeout(5):
        try:
            message = await opened.recv()
        except ConnectionClosed:
            return opened.close_code
        raise AssertionError(message)


async def test_welcome_says_where_the_log_is(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with ada.live(deck.id) as live:
        assert live.socket.subprotocol == "decklog.v1"
        assert live.welcome["position"] == live.welcome["after"] >= deck.position
        assert live.welcome["epoch"] == str(await system.table.value("select epoch from log_head"))
        # Without `after`, nothing that was before comes.
        await deck.change("rename-project", title="Now")
        events = await live.events(deck.position)
        assert [e["event"] for e in events] == ["project-renamed"]


async def test_an_event_is_the_one_of_history(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with ada.live(deck.id, after=0) as live:
        await deck.change("edit-block", block_id=deck.blocks[0], changes={"title": "Ähre"})
        events = await live.events(deck.position)
    assert events == (await ada.see(f"{deck.path}/history"))["items"]
    assert events[-1]["data"] == {"changes": {"title": "Ähre"}}


async def test_after_past_the_head_waits(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    ahead = await system.table.head() + 3
    async with ada.live(deck.id, after=ahead) as live:
        for n in range(6):
            await deck.change("rename-project", title=f"Title {n}")
        events = await live.events(deck.position)
        wanted = await system.table.positions(deck.id, ahead)
        assert [e["position"] for e in events] == wanted
        assert len(wanted) == 3


async def test_only_the_projects_own_events_come(system: System) -> None:
    ada = system.person()
    mine, other = await ada.deck(), await ada.deck()
    async with ada.live(mine.id) as live:
        for n in range(5):
            await other.change("rename-project", title=f"Other {n}")
            await mine.change("rename-project", title=f"Mine {n}")
        events = await live.events(mine.position)
    assert [e["data"]["title"] for e in events] == [f"Mine {n}" for n in range(5)]


async def test_a_foreign_project_closes_4404_without_an_event(system: System) -> None:
    ada, eve = system.person(), system.person()
    deck = await ada.deck()
    for project in (deck.id, "5cb2a1a6-0000-4000-8000-000000000000", "nonsense"):
        assert await code_of(live_url(system.read_url, project, after=0), eve.token) == 4404


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "9" * 30, "\uff19"])
async def test_a_wrong_after_closes_4400(system: System, after: str) -> None:
    ada = system.person()
    deck = await ada.deck()
    assert await code_of(live_url(system.read_url, deck.id, after=after), ada.token) == 4400


async def test_no_valid_token_closes_4401(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    url = live_url(system.read_url, deck.id, after=0)
    for token in (None, "garbage", system.token(ada.user, ttl=-5), system.token(ada.user, secret="x" * 40)):
        assert await code_of(url, token) == 4401


async def watch(live: Live) -> tuple[int, list[int], float]:
    code, messages = await live.closed()
    return code, [m["position"] for m in messages if m["type"] == "event"], time.monotonic()


@pytest.mark.parametrize("workers", ["running", "none"])
async def test_a_revoked_members_socket_closes_within_a_second(
    system: System, idle: System, workers: str
) -> None:
    place = system if workers == "running" else idle
    ada, grace = place.person(), place.person()
    deck = await ada.deck()
    granted = await deck.grant(grace, "viewer")
    async with grace.live(deck.id, after=granted) as hers, ada.live(deck.id, after=granted) as mine:
        await deck.change("rename-project", title="Before")
        watching = asyncio.create_task(watch(hers))
        revoked = await deck.revoke(grace)
        begin = time.monotonic()
        secret = await deck.add("slide", {"title": "secret"})
        code, seen, end = await watching
        assert code == 4403
        assert end - begin < 1
        assert all(p < revoked for p in seen)
        assert secret in {e["stream"]["id"] for e in await mine.events(deck.position)}


async def test_a_revoked_members_socket_closes_within_a_second_of_the_workers_loss(
    settings: Settings,
) -> None:
    """The stream was heard a moment ago, and then says nothing any more."""
    async with system_on(settings) as place, working(settings) as task:
        ada, grace = place.person(), place.person()
        deck = await ada.deck()
        await deck.grant(grace, "viewer")
        await place.table.caught_up()
        async with grace.live(deck.id) as live:
            for n in range(3):
                await deck.change("rename-project", title=f"Heard {n}")
                await live.events(deck.position)
            await lose(task)
            revoked = await deck.revoke(grace)
            begin = time.monotonic()
            await deck.add("slide", {"title": "secret"})
            code, seen, end = await watch(live)
            assert code == 4403
            assert all(p < revoked for p in seen)
            assert end - begin < 1.1


async def test_a_changed_role_keeps_the_socket(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    granted = await deck.grant(grace, "viewer")
    async with grace.live(deck.id, after=granted) as live:
        [event] = await live.events(await deck.grant(grace, "editor"))
        assert event["data"]["role"] == "editor"
        # Only now: who has no right any more is told nothing that came before either.
        await deck.revoke(grace)
        assert await live.closed() == (4403, [])


async def test_a_member_who_comes_back_reads_on(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    await deck.grant(grace, "viewer")
    await deck.revoke(grace)
    await deck.grant(grace, "viewer")
    async with grace.live(deck.id, after=0) as live:
        events = await live.events(deck.position)
    assert [e["position"] for e in events] == await system.table.positions(deck.id)


async def test_a_socket_closes_4401_when_its_token_ends(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    ada.token = system.token(ada.user, ttl=2)
    async with ada.live(deck.id) as live:
        begin = time.time()
        code, _ = await live.closed(4)
        assert code == 4401
        assert time.time() - begin < 2.5


async def test_a_new_token_on_the_socket_lets_it_live_on(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    ada.token = system.token(ada.user, ttl=2)
    async with ada.live(deck.id) as live:
        longer = system.token(ada.user, ttl=4)
        await live.socket.send(f'{{"type":"auth","token":"{longer}"}}')
        begin = time.time()
        code, _ = await live.closed(6)
        assert code == 4401
        assert 2.2 < time.time() - begin < 4.5


@pytest.mark.parametrize("kind", ["another user's", "garbage", "none"])
async def test_a_wrong_new_token_closes_4401(system: System, kind: str) -> None:
    ada = system.person()
    deck = await ada.deck()
    token = {"another user's": f'"{system.person().token}"', "garbage": '"x"', "none": "null"}[kind]
    async with ada.live(deck.id) as live:
        await live.socket.send(f'{{"type":"auth","token":{token}}}')
        assert (await live.closed())[0] == 4401


@pytest.mark.parametrize(
    "message",
    ["", "x", "[]", "1", "null", "{}", '{"type":"unknown"}', '{"type":7}', '{"type":["ping"]}', "{" * 5_000,
     '{"type":"ping","x":"' + "x" * 20_000 + '"}', b"\x00\x01", b'{"type":"ping"}'],
    ids=lambda m: repr(m[:18]),
)  # fmt: skip
async def test_a_message_that_is_not_understood_closes_4400(system: System, message: str | bytes) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with ada.live(deck.id) as live:
        await live.socket.send(message)
        assert (await live.closed())[0] == 4400


async def test_ping_is_answered_and_a_cursor_is_taken(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with ada.live(deck.id) as live:
        await live.socket.send('{"type":"cursor","block_id":"x"}')
        await live.socket.send('{"type":"ping"}')
        assert await live.message() == {"type": "pong"}


async def test_a_socket_that_was_left_is_forgotten(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()

    async def subscribers() -> int:
        health = (await system.client.get(f"{system.read_url}/api/health")).json()
        return int(health["live"]["subscribers"])

    async def count(wanted: int) -> bool:
        return await subscribers() == wanted

    before = await subscribers()
    async with ada.live(deck.id) as live:
        await eventually(lambda: count(before + 1))
        live.socket.transport.abort()
    await eventually(lambda: count(before))
