"""What caches outside may keep: public files for long, what is somebody's never without asking."""

import re

from running import System, eventually, serving_read

from infra.redis.client import redis_client
from infra.settings import Settings
from read_api.routes.themes import STALE_FOR


async def test_the_studio_s_files_may_be_kept_for_good_by_their_version(system: System) -> None:
    page = await system.client.get(system.read_url + "/")
    assert page.headers["Cache-Control"] == "no-cache"
    again = await system.client.get(system.read_url + "/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    named = re.findall(r'(?:href|src)="(/studio/[^"]+)"', page.text)
    assert len(named) > 5
    for path in named:
        assert re.match(r"/studio/v-[0-9a-f]{12}/", path), path
        found = await system.client.get(system.read_url + path)
        assert found.status_code == 200, path
        assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    [script] = [path for path in named if path.endswith("main.js")]
    text = (await system.client.get(system.read_url + script)).text
    # What scripts import in turn is beside them, so of the same version.
    assert all(i.startswith("./") for i in re.findall(r'from "([^"]+)"', text))
    plain = await system.client.get(system.read_url + "/studio/css/base.css")
    assert plain.headers["Cache-Control"].startswith("public, max-age=60")
    assert (
        await system.client.get(
            system.read_url + "/studio/css/base.css", headers={"If-None-Match": plain.headers["ETag"]}
        )
    ).status_code == 304
    config = await system.client.get(system.read_url + "/studio/config.json")
    assert config.headers["Cache-Control"] == "no-cache"
    wrong = await system.client.get(system.read_url + "/studio/v-000000000000/css/base.css")
    assert wrong.status_code == 404


async def test_a_built_in_theme_is_everybody_s_and_all_else_is_private(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    theme = (await ada.do("define-theme", name="Mine"))["result"]["theme_id"]
    built_in = (await ada.see("/api/themes"))["items"][0]
    answer = await ada.get(f"/api/themes/{built_in['id']}", min_position=deck.position)
    assert answer.json() == built_in
    assert answer.headers["Cache-Control"].startswith("public, max-age=86400")
    assert int(answer.headers["X-Decklog-Position"]) >= deck.position
    kept = await ada.get(f"/api/themes/{built_in['id']}", {"If-None-Match": answer.headers["ETag"]})
    assert kept.status_code == 304
    private = [deck.path, f"{deck.path}/blocks", f"{deck.path}/members", "/api/projects", "/api/themes"]
    for path in (*private, f"/api/themes/{theme}"):
        mine = await ada.get(path, min_position=await system.table.head())
        assert mine.headers["Cache-Control"] == "private, no-cache", path


async def test_a_theme_is_cached_and_a_revision_of_it_shows(system: System) -> None:
    ada, eve = system.person(), system.person()
    made = await ada.do("define-theme", name="One")
    theme = made["result"]["theme_id"]
    path = f"/api/themes/{theme}"
    assert (await ada.see(path, min_position=made["position"]))["name"] == "One"
    # Cached for its owner, it is nobody else's for that.
    assert (await eve.get(path)).status_code == 404
    for n in range(5):
        position = (await ada.do("revise-theme", theme_id=theme, name=f"Name {n}", base_version=n + 1))[
            "position"
        ]
        soon = await ada.get(path)
        # What is shown meanwhile says as of when it is true.
        if soon.json()["version"] < n + 2:
            assert int(soon.headers["X-Decklog-Position"]) < position
        assert (await ada.see(path, min_position=position))["name"] == f"Name {n}"
        assert (await ada.see(path))["name"] == f"Name {n}"


async def test_a_stale_theme_is_shown_no_longer_than_it_takes(system: System) -> None:
    ada = system.person()
    made = await ada.do("define-theme", name="One")
    path = f"/api/themes/{made['result']['theme_id']}"
    nowhere = Settings.model_validate({**system.settings.model_dump(), "redis_url": "redis://127.0.0.1:1/0"})
    async with serving_read(nowhere) as url:
        there = ada.at(system.reading(url))
        await there.see(path, min_position=made["position"])
        await ada.do("revise-theme", theme_id=made["result"]["theme_id"], name="Two", base_version=1)

        async def shown() -> bool:
            return (await there.see(path))["name"] == "Two"

        await eventually(shown, STALE_FOR)


async def test_what_is_missing_is_kept_and_seen_as_soon_as_it_is_there(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    block = "5cb2a1a6-0000-4000-8000-00000000000a"
    path = f"{deck.path}/blocks/{block}"
    for _ in range(3):
        assert (await ada.get(path, min_position=deck.position)).status_code == 404
    async with redis_client(system.settings) as redis:
        [key] = [k async for k in redis.scan_iter(f"*block:{block.replace('-', '')}")]
        assert 0 < await redis.pttl(key) <= 11_000
    async with ada.live(deck.id, after=deck.position) as live:
        added = await deck.change("add-block", type="slide", content={"title": "there"}, block_id=block)
        await live.events(added["position"])
        # Nobody told the cache.
        assert (await ada.see(path, min_position=added["position"]))["content"]["title"] == "there"
