import asyncio
import random

import pytest
from client_lines import client_of, line_to
from running import System

from decklog import Client, Event, Note, SocketEnded


async def test_every_event_comes_once_whatever_connections_are_lost(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=3)
    picked = random.Random(4)  # noqa: S311 - the same choices in every run
    async with line_to(system.read_url) as line, client_of(ada, read=line.url) as decklog:

        async def write() -> None:
            for n in range(60):
                await deck.change("edit-block", block_id=deck.blocks[n % 3], changes={"title": f"{n}"})
                if picked.random() < 0.3:
                    line.cut()
            await deck.change("rename-project", title="The end")

        writing = asyncio.create_task(write())
        found: list[Event] = []
        async with asyncio.timeout(30), decklog.follow(deck.id, after=0) as following:
            async for message in following:
                if isinstance(message, Event):
                    found.append(message)
                    if message.name == "project-renamed":
                        break
        await writing
        assert following.reconnects > 3
    assert [e.position for e in found] == await system.table.positions(deck.id)
    assert [e.raw for e in found] == await ada.all_pages(f"{deck.path}/history")


async def test_following_begins_now_and_keeps_to_it(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with (
        asyncio.timeout(10),
        line_to(system.read_url) as line,
        client_of(ada, read=line.url) as decklog,
        decklog.follow(deck.id) as following,
    ):
        messages = aiter(following)
        waiting = asyncio.ensure_future(anext(messages))
        while following.position is None:
            await asyncio.wait({waiting}, timeout=0.01)
        line.cut()
        await deck.change("rename-project", title="While nobody was connected")
        while not isinstance(message := await waiting, Event):
            assert isinstance(message, Note)
            waiting = asyncio.ensure_future(anext(messages))
        assert message.name == "project-renamed"
        await messages.aclose()


async def test_a_foreign_project_ends_it(system: System) -> None:
    deck = await system.person().deck()
    async with client_of(system.person()) as decklog, asyncio.timeout(10):
        with pytest.raises(SocketEnded) as ended:
            await anext(aiter(decklog.follow(deck.id, after=0)))
    assert ended.value.code == 4404


async def test_a_token_that_ends_is_asked_for_anew(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    tokens = iter([system.token(ada.user, ttl=-5), ada.token])

    async def next_token() -> str:
        return next(tokens)

    async with (
        asyncio.timeout(10),
        Client(system.write_url, system.read_url, next_token) as decklog,
        decklog.follow(deck.id, after=deck.position - 1) as following,
    ):
        async for message in following:
            if isinstance(message, Event):
                assert message.position == deck.position
                break
