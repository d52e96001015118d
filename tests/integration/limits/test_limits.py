"""Rate limits as clients meet them: over HTTP and sockets, through FLUSHALL, without Redis."""

import asyncio
import re
import sys
from typing import Any
from uuid import uuid4

import orjson
from redis.asyncio import Redis
from running import Deck, Person, System, eventually, opened_socket, serving_write, system_on

from infra.embedded.valkey import EmbeddedValkey
from infra.redis.client import redis_client
from infra.settings import Settings
from tests.conftest import environment

JSON = dict[str, Any]


async def edits(deck: Deck, count: int) -> Any:
    """Post a batch of so many edits, none of which can be understood: they cost as much, and take no time."""
    batch = [{"type": "edit-block", "project_id": deck.id}] * count
    return await deck.owner.post("", {"commands": batch, "atomic": False})


def left(answer: Any) -> int:
    return int(re.fullmatch(r'"edits";r=(\d+);t=\d+', answer.headers["ratelimit"])[1])


async def used_up(deck: Deck) -> None:
    """Make edits until nothing is left."""
    answer = await edits(deck, 1)
    while remaining := left(answer):
        answer = await edits(deck, min(500, remaining))
        assert answer.status_code == 200, answer.text


async def test_a_free_user_is_told_what_is_left_and_then_when_to_come_back(idle: System) -> None:
    ada = idle.person(tier="free")
    deck = await ada.deck(slides=1)
    answer = await edits(deck, 7)
    # The project, its slide, and a batch that costs what its edits would one by one.
    assert left(answer) == 1_000 - 2 - 7
    assert answer.headers["ratelimit-policy"] == '"edits";q=1000;w=60'
    await used_up(deck)

    refused = await ada.post("rename-project", {"project_id": deck.id, "title": "more"})
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 60
    assert refused.headers["ratelimit"] == f'"edits";r=0;t={wait}'
    problem = refused.json()
    assert (problem["code"], problem["kind"], problem["scope"], problem["limit"]) == (
        "rate-limited",
        "edits",
        "user",
        1_000,
    )
    assert problem["retry_after"] == wait
    # Another user of the same address has a window of its own.
    await idle.person(tier="free").deck()


async def test_a_batch_that_does_not_fit_is_refused_whole_and_a_smaller_one_is_not(idle: System) -> None:
    ada = idle.person(tier="free")
    deck = await ada.deck(slides=1)
    assert (await edits(deck, 500)).status_code == 200
    assert (await edits(deck, 497)).status_code == 200
    refused = await edits(deck, 2)
    assert refused.status_code == 429
    assert left(refused) == 1
    assert (await edits(deck, 1)).status_code == 200


async def test_the_command_socket_has_the_same_limit(idle: System) -> None:
    ada = idle.person(tier="free")
    deck = await ada.deck(slides=1)
    await used_up(deck)
    url = idle.write_url.replace("http", "ws", 1) + "/api/commands/socket"
    async with opened_socket(url, ada.token) as socket:
        await socket.send(
            orjson.dumps({"id": "a", "type": "rename-project", "project_id": deck.id, "title": "x"}).decode()
        )
        answer: JSON = orjson.loads(await socket.recv())
    assert (answer["id"], answer["status"], answer["code"]) == ("a", 429, "rate-limited")
    assert 1 <= answer["retry_after"] <= 60


async def test_a_paying_user_edits_without_limit(idle: System) -> None:
    ada = idle.person(tier="pro")
    deck = await ada.deck(slides=1)
    for _ in range(3):
        answer = await edits(deck, 500)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


async def test_the_quota_tells_what_is_left_of_every_limit(idle: System) -> None:
    ada = idle.person(tier="free")
    deck = await ada.deck(slides=1)
    asked = await ada.post("request-export", {"project_id": deck.id, "format": "json"})
    assert asked.status_code == 202, asked.text
    assert asked.headers["ratelimit-policy"] == '"exports";q=20;w=3600'
    quota = await ada.see("/api/quota", min_position=deck.position)
    assert (quota["user"], quota["tier"]) == (ada.user, "free")
    limits = {limit["kind"]: limit for limit in quota["limits"]}
    assert {kind: (limit["limit"], limit["window_s"]) for kind, limit in limits.items()} == {
        "edits": (1_000, 60),
        "generation": (10, 3_600),
        "images": (5, 3_600),
        "exports": (20, 3_600),
        "uploads": (60, 60),
    }
    assert limits["edits"]["remaining"] == 998
    assert limits["exports"]["remaining"] == 19
    assert limits["images"]["remaining"] == 5
    of_pro = {
        limit["kind"]: limit["limit"] for limit in (await idle.person(tier="pro").see("/api/quota"))["limits"]
    }
    assert of_pro == {"edits": None, "generation": 50, "images": 25, "exports": 100, "uploads": 300}


async def test_a_paid_job_is_charged_once_and_not_when_it_is_refused(idle: System) -> None:
    ada = idle.person(tier="free")
    deck = await ada.deck(slides=1)

    async def remaining() -> int:
        limits = (await ada.see("/api/quota"))["limits"]
        return next(int(limit["remaining"]) for limit in limits if limit["kind"] == "exports")

    key = {"Idempotency-Key": str(uuid4())}
    export = {"project_id": deck.id, "format": "json"}
    assert (await ada.post("request-export", export, **key)).status_code == 202
    assert (await ada.post("request-export", export, **key)).headers["idempotency-replayed"] == "true"
    assert await remaining() == 19
    # Nobody gets it back by repeating its key with another body.
    mismatch = await ada.post("request-export", {**export, "format": "pdf"}, **key)
    assert mismatch.json()["code"] == "idempotency-mismatch"
    assert await remaining() == 19
    assert (await ada.post("request-export", {**export, "format": "stone"})).status_code == 422
    stranger = idle.person(tier="free")
    assert (await stranger.post("request-export", export)).status_code == 404
    assert await remaining() == 19
    for _ in range(19):
        assert (await ada.post("request-export", export)).status_code == 202
    refused = await ada.post("request-export", export)
    assert (refused.status_code, refused.json()["kind"]) == (429, "exports")
    assert 3_500 < int(refused.headers["retry-after"]) <= 3_600


async def test_a_hundred_at_once_get_no_more_paid_jobs_than_there_are(idle: System) -> None:
    ada = idle.person(tier="free")
    deck = await ada.deck(slides=1)
    image = {"project_id": deck.id, "prompt": "a river"}
    answers = await asyncio.gather(*(ada.post("request-image", image) for _ in range(64)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * 59


async def test_losing_redis_gives_no_quota_back_and_stops_no_edit(
    settings_on_spare: Settings, spare: EmbeddedValkey
) -> None:
    async with system_on(settings_on_spare) as own, Redis.from_url(spare.url) as redis:
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1)
        image = {"project_id": deck.id, "prompt": "a river"}
        for _ in range(5):
            assert (await ada.post("request-image", image)).status_code == 202
        await used_up(deck)
        assert (await edits(deck, 1)).status_code == 429

        await redis.flushall()
        assert (await ada.post("request-image", image)).status_code == 429
        # Windows of a minute may be lost with it; what a process still knows of them holds.
        other = own.person(tier="free")
        assert left(await edits(await other.deck(slides=1), 1)) == 997

        await spare.stop()
        try:
            fourth = own.person(tier="free")
            made = await fourth.post("create-project", {"title": "without Redis"})
            assert made.status_code == 201
            refused = await fourth.post(
                "request-export", {"project_id": made.json()["project_id"], "format": "json"}
            )
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert int(refused.headers["retry-after"]) >= 1
        finally:
            await spare.start()

        async def counted_again() -> bool:
            return "ratelimit" in (await fourth.post("create-project", {"title": "with it"})).headers

        await eventually(counted_again, 10)
        admin = own.person("root", scope="admin")
        told = (await admin.see("/api/admin/rate-limits/stats"))["deployment"]
        assert told is not None

        async def all_told() -> JSON | None:
            found = (await admin.see("/api/admin/rate-limits/stats"))["deployment"]
            ready = found["failed_open"].get("edits") and found["failed_closed"].get("exports")
            return dict(found) if ready else None

        found = await eventually(all_told, 10)
        assert found["refused"]["images"] >= 1
        assert found["processes"] == 2


async def test_whoever_goes_on_asking_is_blocked_until_an_operator_says_otherwise(settings: Settings) -> None:
    impatient = settings.model_copy(update={"rate_limit_block_after": 20})
    async with system_on(impatient) as own, serving_write(impatient) as elsewhere:
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1)
        await used_up(deck)

        async def blocked() -> bool:
            answer = await edits(deck, 1)
            assert answer.status_code == 429
            return "blocked" in answer.json()["detail"]

        await eventually(blocked, 10)
        until = await own.table.value(
            "select extract(epoch from blocked_until - now())::float8 from rate_limit_blocks where subject = %s",
            f"user:{ada.user}",
        )
        assert 50 < until <= 60
        # Every process knows: the one next door had nothing to do with it.
        there = Person(
            System(own.settings, own.table, own.read_url, elsewhere, own.client, own.names),
            ada.user,
            ada.token,
        )
        refused = await there.post("create-project", {"title": "elsewhere"})
        assert refused.status_code == 429
        assert "blocked" in refused.json()["detail"]


async def cli(settings: Settings, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.cli", "rate-limit", *arguments,
        env=environment(settings), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def asked_until_blocked(deck: Deck) -> None:
    async def blocked() -> bool:
        answer = await edits(deck, 1)
        assert answer.status_code == 429, answer.text
        return "blocked" in answer.json()["detail"]

    await eventually(blocked, 10)


async def test_what_an_operator_gives_back_is_had_at_once_in_every_process(settings: Settings) -> None:
    patient = settings.model_copy(update={"rate_limit_block_after": 60})
    async with system_on(patient) as own, serving_write(patient) as elsewhere:
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1)
        next_door = System(own.settings, own.table, own.read_url, elsewhere, own.client, own.names)
        there = deck.at(ada.at(next_door))
        await used_up(deck)
        # Both processes refuse from memory now, for the best part of a minute.
        assert [(await edits(d, 1)).status_code for d in (deck, there)] == [429, 429]

        async def both_admitted() -> bool:
            return [(await edits(d, 1)).status_code for d in (deck, there)] == [200, 200]

        assert orjson.loads(await cli(patient, "reset", ada.user, "--json")) == {"reset": ada.user}
        await eventually(both_admitted, 3)

        await used_up(deck)
        await asked_until_blocked(deck)
        # All limits are whole again, and a block is a block.
        await cli(patient, "reset", ada.user)
        await asked_until_blocked(there)
        await cli(patient, "unblock", ada.user)
        await eventually(both_admitted, 3)


async def test_whoever_offends_again_is_blocked_for_longer_until_it_is_forgiven(settings: Settings) -> None:
    updates = {"rate_limit_block_after": 5, "rate_limit_block_s": 60, "rate_limit_block_max_s": 200}
    impatient = settings.model_copy(update=updates)
    async with system_on(impatient) as own, redis_client(settings) as redis:
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1)
        subject = f"user:{ada.user}"
        await used_up(deck)

        async def offended() -> tuple[int, float]:
            """Ask on and on; return which offence it is said to be, and for how long it shuts out."""
            await asked_until_blocked(deck)
            [(offences, span)] = await own.table.rows(
                "select offences, extract(epoch from blocked_until - blocked_at)::float8"
                " from rate_limit_blocks where subject = %s",
                subject,
            )
            return offences, round(span)

        async def over_since(age: str) -> None:
            """Let the block have ended so long ago, and wait until that is known."""
            await own.table.connection.execute(
                "update rate_limit_blocks set blocked_until = now() - %s::interval where subject = %s",
                [age, subject],
            )
            keys = [key async for key in redis.scan_iter(match=f"*:blocked:{subject}")]
            await redis.unlink(*keys)

            async def known() -> bool:
                return "blocked" not in (await edits(deck, 1)).json()["detail"]

            await eventually(known)

        assert await offended() == (1, 60)
        await over_since("1 second")
        assert await offended() == (2, 120)
        await over_since("1 second")
        assert await offended() == (3, 200)
        await over_since("2 days")
        assert await offended() == (1, 60)


async def test_in_shadow_nobody_is_refused_and_it_is_counted(settings: Settings) -> None:
    async with system_on(settings.model_copy(update={"rate_limit_shadow": True})) as own:
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1)
        for _ in range(3):
            assert (await edits(deck, 500)).status_code == 200

        async def counted() -> bool:
            found = (await own.person("root", scope="admin").see("/api/admin/rate-limits/stats"))[
                "deployment"
            ]
            return bool(found["shadowed"].get("edits", 0) >= 1 and not found["refused"])

        await eventually(counted, 10)


async def test_limits_can_be_switched_off(settings: Settings) -> None:
    async with system_on(settings.model_copy(update={"rate_limit_enabled": False})) as own:
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1)
        for _ in range(3):
            answer = await edits(deck, 500)
            assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


async def test_all_callers_together_have_a_limit(settings: Settings) -> None:
    async with system_on(settings.model_copy(update={"rate_limit_global_per_minute": 30})) as own:
        people = [own.person(tier=tier) for tier in ("free", "pro", "enterprise")]
        answers = [await people[n % 3].post("create-project", {"title": "x"}) for n in range(33)]
        assert [a.status_code for a in answers] == [201] * 30 + [429] * 3
        assert answers[-1].json()["scope"] == "global"
        assert answers[-1].headers["ratelimit-policy"] == '"edits-global";q=30;w=60'


async def test_only_a_trusted_proxy_says_where_a_request_comes_from(settings: Settings) -> None:
    async def counted_for(own: System, address: str, forwarded: str) -> int:
        ada = own.person(tier="free")
        answer = await ada.post("create-project", {"title": "x"}, **{"X-Forwarded-For": forwarded})
        assert answer.status_code == 201
        epoch = await own.table.value("select epoch from log_head")
        async with Redis.from_url(str(settings.redis_url)) as redis:
            return int(await redis.exists(f"decklog:{epoch.hex[:8]}:{{rl}}:edits:5000:address:{address}"))

    async with system_on(settings) as own:
        assert await counted_for(own, "127.0.0.1", "203.0.113.7")
        assert not await counted_for(own, "203.0.113.7", "203.0.113.7")
    trusting = Settings.model_validate(
        {**settings.model_dump(), "trusted_proxies": "127.0.0.0/8, 10.0.0.0/8"}
    )
    async with system_on(trusting) as own:
        # What a client wrote itself stands further left than what the outermost proxy saw.
        assert await counted_for(own, "203.0.113.8", "198.51.100.1, 203.0.113.8, 10.1.2.3")
        assert not await counted_for(own, "198.51.100.1", "198.51.100.1, 203.0.113.8, 10.1.2.3")
