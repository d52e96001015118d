"""How many statements reads cost, counted by the server."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from running import Deck, Person, System, eventually, serving_read, system_on, working
from statements import logged

from infra.bootstrap import read_side
from infra.embedded.ports import free_port
from infra.embedded.servers import EmbeddedServers
from infra.settings import Settings
from read_api.app import _reading
from read_api.routes.projects import ProjectQueries
from read_api.side import Reading
from tests.conftest import TokenMaker, environment

ROOT = Path(__file__).parents[3]
# Of the route whose document is being read many times at once.
LOADS = "from projection_checkpoints c left join project_rows r"


@pytest.fixture
async def filled(settings: Settings) -> AsyncIterator[tuple[System, Deck, Deck]]:
    """A small deck of somebody who has 2 projects, a large one of somebody who has 40; and no worker any more."""
    async with system_on(settings) as system:
        small, large = await system.person().deck(slides=2), await system.person().deck(slides=40)
        async with working(settings):
            for deck, count in ((small, 2), (large, 40)):
                await fill(system, deck, count)
            await system.table.caught_up()
        yield system, small, large


@pytest.fixture
async def projected(settings: Settings) -> Deck:
    """A deck that the read models know; and no worker any more."""
    async with system_on(settings) as system, working(settings):
        deck = await system.person().deck(slides=3)
        await system.table.caught_up()
    return deck


async def fill(system: System, deck: Deck, count: int) -> None:
    """Let there be so many of everything that is listed."""
    for n in range(count - 1):
        await asyncio.gather(
            deck.owner.do("create-project", title=f"Project {n}"),
            deck.owner.do("define-theme", name=f"Theme {n}"),
            deck.change("edit-block", block_id=deck.blocks[0], changes={"title": f"{n}"}),
        )
    there = {"type": "name-version", "position": deck.position}
    named = [{**there, "name": f"Version {n}"} for n in range(count - 1)]
    asked = [{"type": "open-comment", "block_id": deck.blocks[0], "text": f"{n}"} for n in range(count)]
    guests = [system.person(f"guest-{n}").user for n in range(count)]
    await deck.batch(named + asked + [{"type": "grant-access", "user": g, "role": "viewer"} for g in guests])


LISTS = [
    "/api/projects",
    "{p}/blocks",
    "{p}/blocks?whole=true",
    "{p}/blocks/{b}/history",
    "{p}/history",
    "{p}/members",
    "{p}/versions",
    "{p}/comments",
    "{p}/sessions",
    "{p}/conflicts",
    "{p}/suggestions",
    "/api/themes",
]


# Who was shredded, which tokens were revoked, and, where no worker speaks, what the log has beyond what is known: a
# process asks that twice a second or so, whoever reads.
FROM_TIME_TO_TIME = (
    "shredded_at > clock_timestamp()",
    "revoked_at > clock_timestamp()",
    "from stored_events where notification_id > ",
)


async def test_no_list_costs_more_statements_for_more_items(
    filled: tuple[System, Deck, Deck], servers: EmbeddedServers, settings: Settings
) -> None:
    system, small, large = filled
    async with logged(servers, settings) as statements, serving_read(settings) as url:
        place = system.reading(url)

        async def cost(deck: Deck, path: str) -> tuple[list[str], int]:
            there: Person = deck.owner.at(place)
            mark = statements.mark()
            found = await there.see(path.format(p=deck.path, b=deck.blocks[0]))
            asked = [s for s in statements.since(mark) if not any(said in s for said in FROM_TIME_TO_TIME)]
            return asked, len(found["items"])

        for path in LISTS:
            few, some = await cost(small, path)
            many, more = await cost(large, path)
            # One more may be the key under which what a person said is sealed, if it is not known yet, or what the
            # process asks by itself; what is asked for each item is asked more often.
            repeated = Counter(many) - Counter(few)
            assert max(repeated.values(), default=0) <= 1, (path, few, many)
            assert len(set(many)) <= 4, (path, many)
            if path not in {"{p}/sessions", "{p}/conflicts", "{p}/suggestions"}:
                assert more >= 20 + some, path


async def test_a_thousand_misses_at_once_are_one_load(
    projected: Deck, servers: EmbeddedServers, settings: Settings
) -> None:
    """Four read sides, each with caches of its own, that share Redis alone."""
    deck = projected
    sides = [read_side(settings) for _ in range(4)]
    async with logged(servers, settings) as statements:
        for side in sides:
            await side.start()
        readings: list[Reading] = [await _reading(settings, side) for side in sides]
        following = [asyncio.create_task(r.hub.run()) for r in readings]

        async def in_contact() -> bool:
            return all(r.hub.in_contact(k) for r in readings for k in range(4))

        try:
            await eventually(in_contact)
            subjects = [ProjectQueries(r).subject(UUID(deck.id)) for r in readings]
            mark = statements.mark()
            found = await asyncio.gather(
                *(r.documents.get(s, 0) for _ in range(250) for r, s in zip(readings, subjects, strict=True))
            )
            loads = [s for s in statements.since(mark) if LOADS in s]
            assert len({document.body for document, _ in found if document}) == 1
            assert all(document for document, _ in found)
            assert len(loads) == 1, loads
            counts = [r.documents.counts["project"] for r in readings]
            assert sum(c.tables for c in counts) == 1
            assert sum(c.asked for c in counts) == 1000
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            for side in sides:
                await side.stop()


@contextmanager
def reading_process(settings: Settings) -> Iterator[str]:
    """`decklog serve read` in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.cli", "serve", "read", "--port", str(port)],
        cwd=ROOT,
        env=environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(15)


async def healthy(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/api/health")).status_code == 200
    except httpx.TransportError:
        return False


async def believes_its_cache(client: httpx.AsyncClient, url: str, deck: Deck, admin: str) -> bool:
    """Whether a process has contact with the log: a second read of another document is answered from memory."""
    for _ in range(2):
        await client.get(f"{url}{deck.path}/blocks", headers=deck.owner.headers)
    headers = {"Authorization": f"Bearer {admin}"}
    stats = (await client.get(f"{url}/api/admin/cache/stats", headers=headers)).json()
    return bool(stats["process"]["counts"]["total"]["l1"])


async def test_a_thousand_requests_of_two_processes_are_one_load(
    projected: Deck, servers: EmbeddedServers, settings: Settings, token: TokenMaker
) -> None:
    deck = projected
    admin = token("root", scope="admin")
    limits = httpx.Limits(max_connections=200)
    async with (
        logged(servers, settings) as statements,
        httpx.AsyncClient(limits=limits, timeout=30) as client,
    ):
        with ExitStack() as stack:
            urls = [stack.enter_context(reading_process(settings)) for _ in range(2)]
            for url in urls:
                await eventually(lambda url=url: healthy(client, url), 20)
                await eventually(lambda url=url: believes_its_cache(client, url, deck, admin), 10)
            mark = statements.mark()
            answers = await asyncio.gather(
                *(client.get(urls[n % 2] + deck.path, headers=deck.owner.headers) for n in range(1000))
            )
            assert {a.status_code for a in answers} == {200}
            assert len({a.content for a in answers}) == 1
            loads = [s for s in statements.since(mark) if LOADS in s]
            assert len(loads) == 1, loads


async def test_two_read_processes_never_answer_from_before_min_position(
    settings: Settings,
) -> None:
    async with system_on(settings) as system, working(settings):
        deck = await system.person().deck()
        async with httpx.AsyncClient(timeout=30) as client:
            with ExitStack() as stack:
                urls = [stack.enter_context(reading_process(settings)) for _ in range(2)]
                for url in urls:
                    await eventually(lambda url=url: healthy(client, url), 20)

                async def ask(url: str) -> httpx.Response:
                    """Ask again where the read models did not come so far in time: that is told, and no answer."""
                    while True:
                        answer = await client.get(
                            url + deck.path,
                            params={"min_position": deck.position},
                            headers=deck.owner.headers,
                        )
                        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                            return answer
                        assert "has not been reached yet" in answer.text
                        assert "Retry-After" in answer.headers

                for n in range(40):
                    await deck.change("rename-project", title=f"Title {n}")
                    answers = await asyncio.gather(*(ask(url) for url in urls * 3))
                    assert [(a.status_code, a.json().get("title")) for a in answers] == [
                        (200, f"Title {n}")
                    ] * 6
                    assert all(int(a.headers["X-Decklog-Position"]) >= deck.position for a in answers)
