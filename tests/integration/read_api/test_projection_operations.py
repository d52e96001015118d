"""What operators see of the read models, and rebuilding one over HTTP."""

import time
from typing import Any

import httpx
import pytest
from running import System, eventually

from infra.bootstrap import read_models
from infra.http.auth import issue

STATS = "/api/admin/projections/stats"
MODELS = {m.name for m in read_models()}


def root(system: System) -> dict[str, str]:
    token = issue(system.settings.jwt_secret, "root", now=time.time(), ttl=3_600, scope="admin")
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def admin(system: System) -> dict[str, str]:
    return root(system)


async def stats(system: System, admin: dict[str, str]) -> dict[str, Any]:
    answer = await system.client.get(system.read_url + STATS, headers=admin)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def rebuild(system: System, name: str) -> str:
    return f"{system.read_url}/api/admin/projections/{name}/rebuild"


async def test_only_operators_may(system: System) -> None:
    ada = system.person()
    assert (await ada.get(STATS)).status_code == 403
    assert (await system.client.get(system.read_url + STATS)).status_code == 401
    answer = await system.client.post(rebuild(system, "blocks"), headers=ada.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_statistics_tell_how_far_everything_is(system: System, admin: dict[str, str]) -> None:
    await system.person().deck(slides=3, texts=2)
    head = await system.table.caught_up()

    async def level() -> dict[str, Any] | None:
        told = await stats(system, admin)
        models = told["projections"]
        return told if all(m["position"] >= head and m["lag_events"] == 0 for m in models) else None

    told = await eventually(level)
    assert {m["name"] for m in told["projections"]} == MODELS
    for model in told["projections"]:
        assert (model["state"], model["lag_ms"], model["exact"]) == ("running", 0, True)
        assert len(model["partitions"]) == 4
    blocks = next(m for m in told["projections"] if m["name"] == "blocks")
    assert blocks["events"] >= 9
    assert blocks["rate"] > 0
    assert len(told["relay"]) == 4
    assert all(r["position"] >= head for r in told["relay"])


async def test_a_read_model_is_rebuilt_over_http(system: System, admin: dict[str, str]) -> None:
    deck = await system.person().deck(slides=1)
    await system.table.caught_up()

    async def post() -> httpx.Response:
        return await system.client.post(rebuild(system, "sessions"), headers=admin)

    asked = await post()
    assert asked.status_code == 202, asked.text
    request = asked.json()
    assert (request["models"], request["state"]) == (["sessions"], "requested")

    async def done() -> dict[str, Any] | None:
        found = {r["id"]: r for r in (await stats(system, admin))["requests"]}[request["id"]]
        return found if found["state"] in {"done", "failed"} else None

    ended = await eventually(done, 30)
    assert ended["state"] == "done", ended
    assert ended["result"]["differing"] == 0
    assert ended["result"]["position"] >= deck.position
    await deck.change("rename-project", title="It goes on")
    await system.table.caught_up()


async def test_one_rebuild_at_a_time(idle: System) -> None:
    admin = root(idle)
    assert (await idle.client.post(rebuild(idle, "nothing"), headers=admin)).status_code == 404
    # No worker is there to begin it.
    assert (await idle.client.post(rebuild(idle, "blocks"), headers=admin)).status_code == 202
    again = await idle.client.post(rebuild(idle, "jobs"), headers=admin)
    assert again.status_code == 409
    assert again.headers["Content-Type"] == "application/problem+json"
    await idle.table.rows("delete from projection_requests returning 1")


async def test_a_model_that_stands_before_an_event_is_shown(idle: System) -> None:
    admin = root(idle)
    deck = await idle.person().deck(slides=2)
    await idle.table.rows(
        "insert into projection_checkpoints (model, partition, position, errors) values ('themes', 2, 0, 3) returning 1"
    )
    await idle.table.rows(
        "insert into projection_failures (model, partition, position, error)"
        " values ('themes', 2, %s, 'ValueError: no') returning 1",
        deck.position,
    )
    try:
        told = await stats(idle, admin)
        themes = next(m for m in told["projections"] if m["name"] == "themes")
        assert (themes["state"], themes["errors"]) == ("stopped", 3)
        [partition] = [p for p in themes["partitions"] if p["stopped_at"]]
        assert (partition["stopped_at"], partition["error"]) == (deck.position, "ValueError: no")
    finally:
        await idle.table.rows("delete from projection_failures returning 1")
        await idle.table.rows("delete from projection_checkpoints returning 1")
