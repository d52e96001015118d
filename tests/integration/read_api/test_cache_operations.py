"""What operators see of the caches, and do to them, by HTTP and on the command line."""

import asyncio
import sys
import time

import orjson
import pytest
from running import JSON, Deck, System, eventually

from infra.http.auth import issue
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from tests.conftest import environment

STATS = "/api/admin/cache/stats"


async def cli(system: System, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.cli", "cache", *arguments,
        env=environment(system.settings), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def admin(system: System) -> dict[str, str]:
    token = issue(system.settings.jwt_secret, "root", now=time.time(), ttl=3600, scope="admin")
    return {"Authorization": f"Bearer {token}"}


async def stats(system: System, admin: dict[str, str]) -> JSON:
    answer = await system.client.get(system.read_url + STATS, headers=admin)
    assert answer.status_code == 200, answer.text
    found: JSON = answer.json()
    return found


async def test_the_statistics_are_an_operator_s(system: System) -> None:
    nobody = await system.client.get(system.read_url + STATS)
    somebody = await system.person().get(STATS)
    assert (nobody.status_code, somebody.status_code) == (401, 403)
    assert somebody.json()["code"] == "forbidden"


async def test_the_statistics_count_what_happened(system: System, admin: dict[str, str]) -> None:
    deck = await system.person().deck()
    before = await stats(system, admin)
    for _ in range(10):
        await deck.owner.see(deck.path, min_position=deck.position)
    after = await stats(system, admin)
    for whose in ("process", "deployment"):
        old, new = (s[whose]["counts"]["kinds"].get("project", {}) for s in (before, after))
        hits = sum(new[level] - old.get(level, 0) for level in ("l1", "l2"))
        asked = hits + sum(new[level] - old.get(level, 0) for level in ("tables", "joined", "stale"))
        assert asked >= 10, whose
        assert hits >= 7, whose
        assert 0 < new["hit_ratio"] <= 1
    assert after["process"]["l1"]["entries"] > 0
    assert after["process"]["l1"]["bytes"] > 0
    for whose in ("process", "deployment"):
        stale = after[whose]["staleness"]
        assert 0 < stale["most_ms"] <= stale["bound_ms"] == 4 * system.settings.relay_heartbeat_ms
    assert after["process"]["redis"]["leases"] >= 1
    assert after["server"]["used_memory"] > 0
    assert after["deployment"]["processes"] >= after["process"]["processes"] == 1


async def test_the_command_line_shows_the_statistics(system: System, admin: dict[str, str]) -> None:
    await stats(system, admin)
    code, out, err = await cli(system, "stats", "--json")
    assert code == 0, err
    assert orjson.loads(out)["counts"]["total"]["l1"] >= 0
    code, out, err = await cli(system, "stats")
    assert code == 0, err
    assert "hits" in out


async def changed_behind(system: System, deck: Deck, title: str) -> None:
    """Repair a row by hand: no event says so."""
    await system.table.rows(
        "update project_rows set title = %s where project_id = %s returning 1", title, deck.id
    )


@pytest.mark.parametrize("way", ["project", "pattern"])
async def test_what_is_cleared_is_loaded_anew(system: System, way: str) -> None:
    deck, other = await system.person().deck(), await system.person().deck()
    for d in (deck, other):
        for _ in range(3):
            await d.owner.see(d.path, min_position=other.position)
        await changed_behind(system, d, "Repaired")
        assert (await d.owner.see(d.path))["title"] != "Repaired"
    hexed = deck.id.replace("-", "")
    arguments = ("--project", deck.id) if way == "project" else (f"doc:{{{hexed}}}:*",)
    code, out, err = await cli(system, "clear", *arguments, "--json")
    assert code == 0, err
    if way == "pattern":
        assert orjson.loads(out)["removed"] >= 1

    async def anew() -> bool:
        return bool((await deck.owner.see(deck.path))["title"] == "Repaired")

    await eventually(anew, 3)
    assert (await other.owner.see(other.path))["title"] != "Repaired"


@pytest.mark.parametrize("pattern", ["*", "decklog:*", "decklog:*:doc:*", "d*", "other:doc:*", ""])
async def test_nothing_but_documents_can_be_cleared(system: System, pattern: str) -> None:
    async with redis_client(system.settings) as redis:
        epoch = await system.table.value("select epoch from log_head")
        streams = [Keys.of(epoch).log_stream(k) for k in range(4)]
        before = await redis.exists(*streams)
        code, _, err = await cli(system, "clear", pattern)
        assert code == 1
        assert "PATTERN" in err
        assert await redis.exists(*streams) == before


async def test_clear_wants_to_know_what(system: System) -> None:
    code, _, err = await cli(system, "clear")
    assert code == 1
    assert "PATTERN or a --project" in err
