"""History played again as server-sent events, at any speed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from running import Deck, Person, System

Heard = tuple[str | None, str, dict[str, Any]]


@asynccontextmanager
async def playing(reader: Person, deck: Deck, **query: Any) -> AsyncIterator[AsyncIterator[Heard]]:
    """Listen to a replay: (id, name, data) of each event; comments are left out."""
    url = reader.system.read_url + deck.path + "/events"
    client = reader.system.client

    async def heard(lines: AsyncIterator[str]) -> AsyncIterator[Heard]:
        fields: dict[str, str] = {}
        async for line in lines:
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line and fields:
                yield fields.get("id"), fields["event"], orjson.loads(fields["data"])
                fields = {}

    async with (
        asyncio.timeout(20),
        client.stream("GET", url, params=query, headers=reader.headers) as answer,
    ):
        assert answer.status_code == 200
        yield heard(answer.aiter_lines())


async def test_a_replay_is_the_history_and_ends_where_it_is_to(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=2, texts=2)
    history = await ada.all_pages(f"{deck.path}/history", min_position=deck.position)
    to = history[-2]["position"]
    async with playing(ada, deck, speed=1_000_000, to=to) as heard:
        found = [event async for event in heard]
    assert found[-1] == (None, "end", {"type": "end", "position": to})
    assert [data for _, _, data in found[:-1]] == history[:-1]
    assert [(position, name) for position, name, _ in found[:-1]] == [
        (str(e["position"]), e["event"]) for e in history[:-1]
    ]
    after = history[2]["position"]
    async with playing(ada, deck, speed=1_000_000, after=after, to=to) as heard:
        assert [data for _, name, data in [e async for e in heard] if name != "end"] == history[3:-1]


async def test_a_replay_goes_on_into_what_happens(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=2)
    async with playing(ada, deck, speed=1_000) as heard:
        positions = [int((await anext(heard))[0] or 0)]
        await deck.change("rename-project", title="Meanwhile")
        while positions[-1] < deck.position:
            positions.append(int((await anext(heard))[0] or 0))
    assert positions == await system.table.positions(deck.id)


async def test_a_replay_ends_with_the_membership_in_the_middle_of_a_pause(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck(slides=3, texts=3)
    await deck.grant(grace, "viewer")
    # A hundred times slower than it was, so that pauses of milliseconds become long ones.
    async with playing(grace, deck, speed=0.01, max_gap=600) as heard:
        await anext(heard)
        await deck.revoke(grace)
        async with asyncio.timeout(3):
            rest = [event async for event in heard]
    assert len(rest) < len(await system.table.positions(deck.id)) - 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"speed": "fast"}, "speed"),
        ({"speed": "0"}, "speed"),
        ({"speed": "nan"}, "speed"),
        ({"speed": "inf"}, "speed"),
        ({"speed": "1", "max_gap": "601"}, "max_gap"),
        ({"speed": "1", "to": "soon"}, "to"),
    ],
)
async def test_a_pace_that_is_wrong_is_named(system: System, query: dict[str, str], field: str) -> None:
    ada = system.person()
    deck = await ada.deck()
    answer = await ada.get(f"{deck.path}/events", **query)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == [field]
