"""Histories by who, what, in which stream and when; in pages, and as lines."""

from typing import Any

import orjson
import pytest
from running import Deck, Person, System

JSON = dict[str, Any]


@pytest.fixture(scope="module")
async def shared(system: System) -> tuple[Deck, Person]:
    """A deck that two have edited: Ada made it, Bob did every third edit."""
    ada, bob = system.person(), system.person()
    deck = await ada.deck(slides=2, texts=2)
    await deck.grant(bob, "editor")
    for n in range(12):
        block = deck.blocks[n % len(deck.blocks)]
        field = "title" if block in (deck.blocks[0], deck.blocks[3]) else "text"
        await deck.at(bob if n % 3 == 0 else ada).change(
            "edit-block", block_id=block, changes={field: f"edit {n}"}
        )
    await deck.change("open-comment", text="a word", block_id=deck.blocks[0])
    return deck, bob


async def everything(deck: Deck) -> list[JSON]:
    return await deck.owner.all_pages(f"{deck.path}/history", limit=500)


async def both(deck: Deck, path: str, **query: Any) -> list[JSON]:
    """The same by pages, by lines, and the other way round."""
    pages = await deck.owner.all_pages(path, limit=2, **query)
    lines = await deck.owner.get(path, headers={"Accept": "application/x-ndjson"}, **query)
    assert lines.status_code == 200, lines.text
    assert [orjson.loads(line) for line in lines.content.splitlines()] == pages
    assert (await deck.owner.all_pages(path, limit=3, order="desc", **query))[::-1] == pages
    return pages


async def test_events_by_actor(shared: tuple[Deck, Person]) -> None:
    deck, bob = shared
    found = await both(deck, f"{deck.path}/history", actor=bob.user)
    assert found == [e for e in await everything(deck) if e["actor"]["id"] == bob.user]
    assert len(found) == 4
    assert await both(deck, f"{deck.path}/history", actor="nobody") == []


async def test_events_by_topic(shared: tuple[Deck, Person]) -> None:
    deck, _ = shared
    wanted = {"block-added", "access-granted"}
    expected = [e for e in await everything(deck) if e["event"] in wanted]
    assert await both(deck, f"{deck.path}/history", topic="block-added,access-granted") == expected
    stored = "decklog.block.added,decklog.project.access-granted"
    assert await both(deck, f"{deck.path}/history", topic=stored) == expected
    assert len(expected) == 7
    assert await both(deck, f"{deck.path}/history", topic="project-archived") == []


async def test_events_by_stream(shared: tuple[Deck, Person]) -> None:
    deck, bob = shared
    block, events = deck.blocks[0], await everything(deck)
    of_block = [e for e in events if e["stream"]["id"] == block]
    assert await both(deck, f"{deck.path}/history", stream=block) == of_block
    assert await both(deck, f"{deck.path}/blocks/{block}/history") == of_block
    assert [e["event"] for e in await both(deck, f"{deck.path}/history", stream="comment-thread")] == [
        "comment-opened"
    ]
    assert await both(deck, f"{deck.path}/history", stream="block", topic="access-granted") == []
    of_bob = [e for e in of_block if e["actor"]["id"] == bob.user]
    assert of_bob
    assert (
        await both(deck, f"{deck.path}/blocks/{block}/history", actor=bob.user, topic="block-edited")
        == of_bob
    )


async def test_events_by_time_and_place(shared: tuple[Deck, Person]) -> None:
    deck, _ = shared
    events = await everything(deck)
    since, until = events[4]["at"], events[10]["at"]
    expected = [e for e in events if since <= e["at"] <= until]
    path, block = f"{deck.path}/history", deck.blocks[1]
    assert await both(deck, path, since=since, until=until) == expected
    first, last = expected[0]["position"], expected[-1]["position"]
    assert await both(deck, path, after=first - 1, to=last) == expected
    assert await both(deck, f"{deck.path}/blocks/{block}/history", since=since, until=until) == [
        e for e in expected if e["stream"]["id"] == block
    ]
    assert await both(deck, path, since="2999-01-01T00:00:00Z") == []
    assert await both(deck, path, until="2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"topic": "block-painted"}, "topic"),
        ({"topic": ",".join(["block-added"] * 51)}, "topic"),
        ({"actor": "a" * 201}, "actor"),
        ({"stream": "no id"}, "stream"),
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-01-01"}, "until"),
        ({"to": "-1"}, "to"),
        ({"order": "sideways"}, "order"),
    ],
)
async def test_a_filter_that_is_wrong_is_named(
    shared: tuple[Deck, Person], query: dict[str, str], field: str
) -> None:
    deck, _ = shared
    for path in (f"{deck.path}/history", f"{deck.path}/blocks/{deck.blocks[0]}/history"):
        if field == "stream" and "blocks" in path:
            continue
        answer = await deck.owner.get(path, **query)
        assert answer.status_code == 422, answer.text
        assert [e["field"] for e in answer.json()["errors"]] == [field]


async def test_only_a_block_of_the_project_has_a_block_s_history(
    shared: tuple[Deck, Person], system: System
) -> None:
    deck, _ = shared
    foreign = await system.person().deck()
    for stream in (deck.id, foreign.blocks[0], foreign.id):
        answer = await deck.owner.get(f"{deck.path}/blocks/{stream}/history")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not-found"
    assert await both(deck, f"{deck.path}/history", stream=foreign.blocks[0]) == []
