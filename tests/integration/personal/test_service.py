"""The running service: who sees a name, and that nobody does after `decklog audit shred`."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from people import Named, everything_in, everything_in_redis, introduce
from running import Deck, System, eventually, serving_read, system_on, working

from infra.bootstrap import read_models
from infra.settings import Settings
from tests.conftest import environment
from tests.support.chains import chain_of
from workers.rebuilding import rebuild

ROOT = Path(__file__).parents[3]
NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture
async def own(settings_on_spare: Settings) -> AsyncIterator[System]:
    """A service of its own: everything it stores is looked through."""
    async with working(settings_on_spare), system_on(settings_on_spare) as running:
        yield running


async def decklog(system: System, *verb: str, **more: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "workers.cli",
        *verb,
        cwd=ROOT,
        env={**environment(system.settings), **more},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def shredded(person: Named) -> dict[str, Any]:
    code, out, err = await decklog(person.system, "audit", "shred", person.user, "--yes", "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


async def history(person: Named, deck: Deck, **more: Any) -> list[dict[str, Any]]:
    return await person.all_pages(f"{deck.path}/history", **more)


async def raw_answers(person: Named, deck: Deck) -> bytes:
    """Ask everything that tells who did something, and return the bytes of all answers."""
    answers: list[httpx.Response] = [
        await person.get(f"{deck.path}/history"),
        await person.get(f"{deck.path}/history", order="desc"),
        await person.get(f"{deck.path}/history", headers=NDJSON),
        await person.get(f"{deck.path}/history", headers=NDJSON, order="desc"),
        await person.get(f"{deck.path}/blocks/{deck.blocks[0]}/history"),
        await person.get(f"{deck.path}/blocks/{deck.blocks[0]}"),
        await person.get(f"{deck.path}/blocks"),
        await person.get(f"{deck.path}/members"),
        await person.get(deck.path),
        await person.get("/api/projects"),
    ]
    assert {a.status_code for a in answers} == {200}
    return b"\n".join(
        [*(a.content for a in answers), await live_bytes(person, deck), await sse_bytes(person, deck)]
    )


async def live_bytes(person: Named, deck: Deck) -> bytes:
    async with person.live(deck.id, after=0) as live:
        return orjson.dumps(await live.events(deck.position))


async def sse_bytes(person: Named, deck: Deck) -> bytes:
    found = b""
    url = f"{person.system.read_url}{deck.path}/events"
    async with person.system.client.stream("GET", url, params={"after": 0}, headers=person.headers) as answer:
        async for chunk in answer.aiter_bytes():
            found += chunk
            if b"id: %d\n" % deck.position in found:
                break
    return found


async def test_everybody_in_the_project_sees_the_name_and_nobody_the_e_mail(own: System) -> None:
    ada = introduce(own)
    deck = await ada.deck(slides=1, texts=1)
    reader = own.person()
    await deck.grant(reader, "viewer")
    await own.table.caught_up()

    told = await raw_answers(ada, deck)
    assert ada.name.encode() in told
    assert ada.email.encode() not in told
    actor = {"id": ada.user, "kind": "person", "name": ada.name}
    items = await reader.all_pages(f"{deck.path}/history")
    assert [e["actor"] for e in items] == [actor] * 4
    lines = (await ada.get(f"{deck.path}/history", headers=NDJSON)).text.splitlines()
    assert [json.loads(line) for line in lines] == items
    async with reader.live(deck.id, after=0) as live:
        assert [e["actor"] for e in await live.events(deck.position)] == [actor] * 4
        changed = await deck.change("rename-project", title="While somebody watches")
        [event] = await live.events(changed["position"])
        assert event["actor"] == actor


async def test_what_is_stored_never_holds_a_name(own: System) -> None:
    ada = introduce(own)
    deck = await ada.deck(slides=2, texts=2)
    async with ada.live(deck.id, after=0) as live:
        await live.events(deck.position)
        await deck.change("edit-block", block_id=deck.blocks[0], changes={"title": "Live"})
        await live.events(deck.position)
    stale = await ada.post(
        "edit-block",
        {
            "project_id": deck.id,
            "block_id": deck.blocks[0],
            "changes": {"title": "x"},
            "base_version": 1,
            "on_conflict": "reject",
        },
        **{"Idempotency-Key": "a refusal that is recorded"},
    )
    assert stale.status_code == 409
    await own.table.caught_up()
    await raw_answers(ada, deck)

    tables, redis = await everything_in(own.table), await everything_in_redis(own.settings)
    stored = tables + redis

    # The search finds what is there: the log in the tables, the log's and the live streams in Redis.
    assert b"sealed" in tables
    assert redis.count(b'"of":') >= deck.position
    assert deck.id.encode() in redis
    assert [s for s in ada.secrets if s in stored or s in stale.content] == []


async def test_a_shred_reaches_every_process_within_five_seconds(own: System) -> None:
    ada = introduce(own)
    deck = await ada.deck(slides=1, texts=1)
    before = await history(ada, deck)
    chain = await chain_of(own.table.connection)
    async with serving_read(own.settings) as url:
        there = Named(own.reading(url), ada.user, ada.token, ada.name, ada.email)
        assert (await history(there, deck))[0]["actor"]["name"] == ada.name

        done = await shredded(ada)

        begun = time.monotonic()
        marker = {"id": ada.user, "kind": "person", "name": None, "shredded": True}
        for person in (ada, there):
            await eventually(lambda p=person: marked(p, deck, marker), 5)
        assert time.monotonic() - begun < 5
        for person in (ada, there):
            told = await raw_answers(person, deck)
            assert [s for s in ada.secrets if s in told] == []
        items = await history(there, deck)
    assert done["dropped"] == [1]
    assert items == [{**e, "actor": marker} for e in before]
    assert await chain_of(own.table.connection) == chain


async def marked(person: Named, deck: Deck, marker: dict[str, Any]) -> bool:
    return all(e["actor"] == marker for e in await history(person, deck))


async def test_who_comes_back_is_named_again_from_then_on(own: System) -> None:
    ada = introduce(own)
    deck = await ada.deck()
    await shredded(ada)
    await asyncio.sleep(0.5)

    await deck.change("rename-project", title="Back again")

    actors = [e["actor"] for e in await history(ada, deck)]
    assert [a.get("shredded", False) for a in actors] == [True, True, False]
    assert actors[-1]["name"] == ada.name


async def test_read_models_are_rebuilt_after_a_shred(own: System) -> None:
    ada = introduce(own)
    deck = await ada.deck(slides=2, texts=2)
    await own.table.caught_up()
    tables = "select t.* from {} t order by 1, 2"
    before = {name: await own.table.rows(tables.format(name)) for name in ("project_rows", "block_rows")}
    await shredded(ada)

    await rebuild(own.settings, read_models(), lambda *_: None, processes=1)

    assert {name: await own.table.rows(tables.format(name)) for name in before} == before
    assert (await ada.see(deck.path))["id"] == deck.id


async def test_shredding_says_what_it_did_and_may_be_repeated(own: System) -> None:
    ada = introduce(own)
    await ada.deck()

    code, out, err = await decklog(own, "audit", "shred", ada.user)
    assert (code, out.strip()) == (1, ""), "nobody answered the question"
    assert "again" in err
    code, _, err = await decklog(own, "audit", "shred", ada.user, "--json")
    assert code == 1
    assert "--yes" in err

    code, out, _ = await decklog(own, "audit", "shred", ada.user, "--yes")
    assert code == 0
    assert f"key 1 of {ada.user}: dropped now" in out
    code, out, _ = await decklog(own, "audit", "shred", ada.user, "--yes")
    assert code == 0
    assert f"key 1 of {ada.user}: dropped before" in out
    again = await shredded(ada)
    assert again["dropped"] == []
    assert [k["generation"] for k in again["dropped_before"]] == [1]
    assert ada.name not in out


async def test_shredding_needs_no_redis(own: System) -> None:
    ada = introduce(own)
    await ada.deck()

    nowhere = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    code, _, err = await decklog(own, "audit", "shred", ada.user, "--yes", **nowhere)

    assert code == 0, err


async def test_nobody_without_a_name_needs_a_key(own: System) -> None:
    await own.person().deck()

    assert await own.table.value("select count(*) from person_keys") == 0
    assert "PERSON_KEY_SECRET" not in os.environ
