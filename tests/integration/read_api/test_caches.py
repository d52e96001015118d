import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from running import JSON, Deck, System, eventually, serving_read

from infra.http.auth import issue
from infra.redis.client import redis_client
from infra.redis.document_cache import Absent, DocumentCache, Kept
from infra.redis.keys import Keys, generation_of
from infra.settings import Settings

LEVELS: dict[str, dict[str, Any]] = {
    "all levels": {},
    "without the first": {"l1_entries": 0},
    "a small first": {"l1_entries": 2},
    "without Redis": {"redis_url": "redis://127.0.0.1:1/0"},
}


@pytest.fixture(scope="module")
async def places(system: System) -> AsyncIterator[dict[str, System]]:
    """One read API for each way to cache."""
    async with AsyncExitStack() as stack:
        found = {}
        for name, changes in LEVELS.items():
            settings = Settings.model_validate({**system.settings.model_dump(), **changes})
            found[name] = system.reading(await stack.enter_async_context(serving_read(settings)))
        yield found


async def in_tables(deck: Deck, block: str) -> tuple[JSON, JSON]:
    """What the tables say of the project and the block, past everything that caches."""
    table = deck.owner.system.table
    (project,) = await table.rows(
        "select title, archived, version, position from project_rows where project_id = %s", deck.id
    )
    (row,) = await table.rows(
        "select content, deleted, version, position from block_rows where block_id = %s", block
    )
    return (
        dict(zip(("title", "archived", "version", "position"), project, strict=True)),
        dict(zip(("content", "deleted", "version", "position"), row, strict=True)),
    )


async def test_all_levels_answer_what_the_tables_say(places: dict[str, System], system: System) -> None:
    picked = random.Random(3)  # noqa: S311 - the same choices in every run
    deck = await system.person().deck(slides=3)
    for n in range(5):
        block = picked.choice(deck.blocks)
        if picked.random() < 0.7:
            await deck.change("edit-block", block_id=block, changes={"title": f"Title {n}"})
        else:
            await deck.change("rename-project", title=f"Deck {n}")
        seen: dict[str, list[JSON]] = {}
        for name, place in places.items():
            there = deck.owner.at(place)
            paths = (deck.path, f"{deck.path}/blocks/{block}", f"{deck.path}/blocks")
            fresh = [await there.see(p, min_position=deck.position) for p in paths]
            # Again, from whatever has kept it by now.
            assert [await there.see(p) for p in paths] == fresh, name
            seen[name] = fresh
        assert all(documents == seen["without Redis"] for documents in seen.values())
        project, row = await in_tables(deck, block)
        first = seen["all levels"]
        assert project.items() <= first[0].items()
        assert row.items() <= first[1].items()
        assert first[1] in first[2]["items"]


async def test_an_answer_is_true_as_of_the_position_that_it_names(
    places: dict[str, System], system: System
) -> None:
    """No level may serve what was, under a position at which it no longer was."""
    deck = await system.person().deck(slides=2)
    await deck.owner.see(deck.path, min_position=deck.position)
    begin = deck.position
    block = deck.blocks[0]
    done = asyncio.Event()
    answers: list[tuple[str, int, int, int]] = []

    async def write() -> None:
        for n in range(60):
            await deck.change("edit-block", block_id=block, changes={"title": f"{n}"})
        done.set()

    async def read(name: str, place: System) -> None:
        there = deck.owner.at(place)
        while not done.is_set():
            one, many = await asyncio.gather(
                there.get(f"{deck.path}/blocks/{block}"), there.get(f"{deck.path}/blocks")
            )
            listed = next(b for b in many.json()["items"] if b["id"] == block)
            for answer, document in ((one, one.json()), (many, listed)):
                as_of = int(answer.headers["X-Decklog-Position"])
                answers.append((name, as_of, document["position"], document["version"]))

    async with asyncio.timeout(30):
        await asyncio.gather(write(), *(read(n, p) for n, p in places.items()))
    events = await system.table.rows(
        "select notification_id, originator_version from stored_events where originator_id = %s order by 1",
        block,
    )
    assert len(answers) > 100
    for name, as_of, position, version in answers:
        wanted = max((p, v) for p, v in events if p <= max(as_of, begin))
        assert (position, version) == wanted, (name, as_of)


@pytest.mark.parametrize("level", LEVELS)
async def test_who_has_seen_an_event_never_reads_what_was_before(
    places: dict[str, System], system: System, level: str
) -> None:
    deck = await system.person().deck()
    block = deck.blocks[0]
    there = deck.owner.at(places[level])
    async with there.live(deck.id, after=deck.position) as live:
        for n in range(8):
            before = await there.see(f"{deck.path}/blocks/{block}", min_position=deck.position)
            writing = asyncio.create_task(
                deck.change("edit-block", block_id=block, changes={"title": f"{n}"})
            )
            event = await live.message()
            await writing
            after = await there.see(f"{deck.path}/blocks/{block}", min_position=event["position"])
            assert (after["content"]["title"], after["position"]) == (f"{n}", event["position"])
            assert after["version"] == before["version"] + 1 or before["version"] == after["version"]


async def test_the_second_level_is_filled_and_asked(places: dict[str, System], system: System) -> None:
    deck = await system.person().deck()
    there = deck.owner.at(places["without the first"])
    # Otherwise it may be kept as of the event before the last, which is none of the project's own.
    await system.table.caught_up()
    document = await there.see(deck.path, min_position=deck.position)
    key = Keys.of(await system.table.value("select epoch from log_head")).document(UUID(deck.id), "project")
    async with redis_client(system.settings) as redis:
        kept = await redis.get(key)
        assert kept is not None
        assert int(kept[:16]) >= deck.position
        assert 0 < await redis.pttl(key) <= 330_000
        # What stands there is believed while nothing has happened since.
        changed = kept.replace(document["title"].encode(), b"From Redis")
        await redis.set(key, changed, px=60_000)
        assert (await there.see(deck.path))["title"] == "From Redis"
        # And no longer than that.
        await deck.change("rename-project", title="Renamed")
        assert (await there.see(deck.path, min_position=deck.position))["title"] == "Renamed"
        # A lost cache changes no answer.
        await redis.delete(key)
        assert (await there.see(deck.path))["title"] == "Renamed"
        assert await redis.exists(key)


@pytest.fixture
async def redis(system: System) -> AsyncIterator[Redis]:
    async with redis_client(system.settings) as found:
        yield found


@pytest.fixture
def cache(redis: Redis) -> DocumentCache:
    return DocumentCache(redis, time.monotonic)


@pytest.fixture
def key() -> str:
    """The key of a document of a project that nothing else knows."""
    return Keys.of(uuid4()).document(uuid4(), "x")


async def absent(cache: DocumentCache, key: str, needed: int = 2**40) -> Absent:
    answer = await cache.get(key, needed)
    assert isinstance(answer, Absent)
    return answer


async def put(cache: DocumentCache, key: str, position: int, body: bytes | None, ttl: float = 60) -> None:
    await cache.put(key, Kept(position, body), await absent(cache, key), ttl)


async def test_an_earlier_document_never_replaces_a_later_one(cache: DocumentCache, key: str) -> None:
    await put(cache, key, 10, b"ten")
    await put(cache, key, 9, b"nine")
    assert await cache.get(key, 10) == Kept(10, b"ten")
    for n in range(20, 200, 10):
        await asyncio.gather(*(put(cache, key, p, b"%d" % p) for p in (n, n + 9, n - 5, n + 3)))
    assert await cache.get(key, 0) == Kept(199, b"199")


async def test_a_document_of_before_the_position_that_is_needed_is_not_got(
    cache: DocumentCache, key: str
) -> None:
    await put(cache, key, 10, b"ten")
    assert await cache.get(key, 10) == Kept(10, b"ten")
    assert (await absent(cache, key, 11)).token


async def test_that_there_is_nothing_is_kept_too(cache: DocumentCache, key: str) -> None:
    await put(cache, key, 10, None)
    assert await cache.get(key, 10) == Kept(10, None)


async def test_one_alone_has_the_lease_until_it_is_given_back(
    cache: DocumentCache, redis: Redis, key: str
) -> None:
    other = DocumentCache(redis, asyncio.get_running_loop().time)
    answers = await asyncio.gather(*(absent(c, key) for c in (cache, other) for _ in range(50)))
    [lease] = [a for a in answers if a.token is not None]
    assert 0 < await redis.pttl(f"{key}:lease") <= 500
    await cache.put(key, Kept(5, b"five"), Absent("of another", lease.generation), 60)
    assert (await absent(other, key)).token is None
    await cache.put(key, Kept(6, b"six"), lease, 60)
    assert (await absent(other, key)).token is not None


async def test_a_generation_makes_all_of_a_project_worthless(
    cache: DocumentCache, redis: Redis, key: str
) -> None:
    loading = await absent(cache, key)
    await put(cache, key, 10, b"ten")
    await redis.set(generation_of(key), b"abcdefghij")
    assert (await absent(cache, key, 0)).generation == b"abcdefghij"
    # What was being loaded when it changed comes too late.
    await cache.put(key, Kept(11, b"eleven"), loading, 60)
    assert isinstance(await cache.get(key, 0), Absent)
    await put(cache, key, 9, b"nine")
    assert await cache.get(key, 0) == Kept(9, b"nine")


async def test_what_is_very_large_is_not_kept(cache: DocumentCache, key: str) -> None:
    lease = await absent(cache, key)
    await cache.put(key, Kept(10, b"x" * (2**20 + 1)), lease, 60)
    assert (await absent(cache, key, 0)).token is not None
    assert cache.stats()["too_large"] == 1


async def test_what_is_asked_for_at_once_goes_in_one_round_trip(cache: DocumentCache, redis: Redis) -> None:
    """Counted by the server: it reads what is sent at once in one go, or in a few for its buffer."""
    keys = [Keys.of(uuid4()).document(uuid4(), "x") for _ in range(200)]
    await redis.ping()

    async def reads() -> int:
        return int((await redis.info("stats"))["total_reads_processed"])

    before = await reads()
    leases = await asyncio.gather(*(cache.get(k, 0) for k in keys))
    between = await reads()
    await asyncio.gather(
        *(
            cache.put(k, Kept(1, b"one"), a, 60)
            for k, a in zip(keys, leases, strict=True)
            if isinstance(a, Absent)
        )
    )
    after = await reads()
    # Others use this server at the same time.
    assert between - before < 100
    assert after - between < 100
    assert await asyncio.gather(*(cache.get(k, 1) for k in keys)) == [Kept(1, b"one")] * 200


async def test_without_redis_everybody_loads(key: str, system: System) -> None:
    nowhere = Settings.model_validate({**system.settings.model_dump(), "redis_url": "redis://127.0.0.1:1/0"})
    async with redis_client(nowhere) as redis:
        cache = DocumentCache(redis, asyncio.get_running_loop().time)
        answers = await asyncio.gather(*(cache.get(key, 0) for _ in range(20)))
        assert answers == [Absent("", None)] * 20
        await cache.put(key, Kept(1, b"one"), Absent("", None), 60)
        assert cache.stats()["resting"]
        assert cache.stats()["rests"] == 1


async def test_what_is_held_is_looked_for_again_when_its_time_is_over(system: System) -> None:
    short = system.settings.model_copy(update={"cache_project_ttl": 1})
    deck = await system.person().deck()
    async with serving_read(short) as url:
        there = deck.owner.at(system.reading(url))
        admin = issue(short.jwt_secret, "root", now=time.time(), ttl=60, scope="admin")

        async def held() -> bool:
            await there.see(deck.path, min_position=deck.position)
            answer = await system.client.get(
                f"{url}/api/admin/cache/stats", headers={"Authorization": f"Bearer {admin}"}
            )
            return bool(answer.json()["process"]["counts"]["total"]["l1"])

        await eventually(held)
        # Repaired by hand, without an event that says so.
        await system.table.rows(
            "update project_rows set title = 'Repaired' where project_id = %s returning 1", deck.id
        )

        async def repaired() -> bool:
            return bool((await there.see(deck.path))["title"] == "Repaired")

        await eventually(repaired, 5)
