"""Themes over the real servers: who may read which, and what a project is shown in."""

from typing import Any

import pytest
from running import Person, System, eventually, looking, system_on, working

from infra.settings import Settings

NOTHING = "5cb2a1a6-0000-4000-8000-000000000000"
BUILT_IN = ["Plain", "Ink", "Dusk", "Paper"]


async def defined(person: Person, name: str, **fields: Any) -> tuple[str, int]:
    answer = await person.do("define-theme", name=name, **fields)
    return answer["result"]["theme_id"], answer["position"]


async def test_a_theme_is_read_as_it_was_made_and_revised(system: System) -> None:
    ada = system.person()
    theme, _ = await defined(ada, "Harbour", colors={"accent": "#0B6E8A", "chart": ["#111111"]})
    answer = await ada.do("revise-theme", theme_id=theme, fonts={"heading": "Poppins"}, base_version=1)

    told = await ada.see(f"/api/themes/{theme}", min_position=answer["position"])

    [plain] = [t for t in await ada.all_pages("/api/themes") if t["name"] == "Plain"]
    assert told["colors"] == {**plain["colors"], "accent": "#0b6e8a", "chart": ["#111111"]}
    assert told["fonts"] == {**plain["fonts"], "heading": "Poppins"}
    kept = {k: told[k] for k in ("id", "name", "owner", "built_in", "version", "position", "updated_by")}
    assert kept == {
        "id": theme,
        "name": "Harbour",
        "owner": ada.user,
        "built_in": False,
        "version": 2,
        "position": answer["position"],
        "updated_by": ada.user,
    }


async def test_own_themes_come_after_the_built_in_ones_from_the_newest_on(system: System) -> None:
    ada, eve = system.person(), system.person()
    for n in range(5):
        _, position = await defined(ada, f"Theme {n}")
    wanted = [*BUILT_IN, *(f"Theme {n}" for n in range(4, -1, -1))]

    for limit in (1, 2, 3, 4, 5, 8, 9, 10):
        items = await ada.all_pages("/api/themes", limit=limit, min_position=position)
        assert [t["name"] for t in items] == wanted, limit
    assert [t["name"] for t in await eve.all_pages("/api/themes", min_position=position)] == BUILT_IN
    for limit in (3, 4):
        items = await eve.all_pages("/api/themes", limit=limit, min_position=position)
        assert [t["name"] for t in items] == BUILT_IN


async def test_an_own_theme_is_listed_at_once(system: System) -> None:
    ada = system.person()
    for n in range(5):
        theme, position = await defined(ada, f"Theme {n}")
        answer = await ada.get("/api/themes", min_position=position)
        assert answer.json()["items"][4]["id"] == theme
        assert int(answer.headers["X-Decklog-Position"]) >= position
        assert (await ada.see(f"/api/themes/{theme}", min_position=position))["name"] == f"Theme {n}"


async def test_anybody_reads_the_built_in_themes_and_nobody_changes_them(system: System) -> None:
    eve = system.person()
    for theme in (await eve.see("/api/themes"))["items"]:
        assert await eve.see(f"/api/themes/{theme['id']}") == theme
        answer = await eve.post("revise-theme", {"theme_id": theme["id"], "name": "Mine"})
        assert answer.status_code == 404
        deck = await eve.deck(slides=0)
        applied = await deck.change("apply-theme", theme_id=theme["id"])
        assert (await eve.see(deck.path, min_position=applied["position"]))["theme_id"] == theme["id"]


async def test_a_strangers_theme_is_as_one_that_is_not_there(system: System) -> None:
    ada, eve = system.person(), system.person()
    theme, position = await defined(ada, "Private")
    deck = await eve.deck()

    foreign = await eve.get(f"/api/themes/{theme}", min_position=position)
    nothing = await eve.get(f"/api/themes/{NOTHING}", min_position=position)
    assert (foreign.status_code, foreign.content) == (404, nothing.content)
    assert (await eve.get("/api/themes/plain")).status_code == 404
    for path in ("", "/history", "/blocks", "/members", "/versions", "/comments", "/sessions"):
        for person in (ada, eve):
            # A theme's events stand under its own id, which is no project's.
            assert (await person.get(f"/api/projects/{theme}{path}")).status_code == 404
    for command, fields in (
        ("revise-theme", {"theme_id": theme, "name": "Mine"}),
        ("revise-theme", {"theme_id": NOTHING, "name": "Mine"}),
    ):
        assert (await eve.post(command, fields)).status_code == 404
    answers = [
        await eve.post("apply-theme", {"project_id": deck.id, "theme_id": chosen})
        for chosen in (theme, NOTHING)
    ]
    answers += [
        await eve.post("create-project", {"title": "A", "theme_id": chosen}) for chosen in (theme, NOTHING)
    ]
    assert {a.status_code for a in answers} == {422}
    assert len({a.content for a in answers}) == 1
    assert answers[0].json()["errors"][0]["field"] == "theme_id"


async def test_members_of_a_project_read_the_theme_that_it_is_shown_in(system: System) -> None:
    ada, vera, eve = system.person(), system.person(), system.person()
    theme, _ = await defined(ada, "Shared")
    deck = await ada.deck()
    position = await deck.grant(vera, "viewer")
    assert (await vera.get(f"/api/themes/{theme}", min_position=position)).status_code == 404
    position = (await deck.change("apply-theme", theme_id=theme))["position"]

    assert (await vera.see(f"/api/themes/{theme}", min_position=position))["owner"] == ada.user
    assert (await eve.get(f"/api/themes/{theme}", min_position=position)).status_code == 404
    # It is read, not owned.
    assert (await vera.post("revise-theme", {"theme_id": theme, "name": "Mine"})).status_code == 404
    assert [t["name"] for t in (await vera.see("/api/themes", min_position=position))["items"]] == BUILT_IN
    position = await deck.revoke(vera)
    assert (await vera.get(f"/api/themes/{theme}", min_position=position)).status_code == 404
    position = await deck.grant(vera, "viewer")
    assert (await vera.get(f"/api/themes/{theme}", min_position=position)).status_code == 200
    position = (await deck.change("apply-theme", theme_id=None))["position"]
    assert (await vera.get(f"/api/themes/{theme}", min_position=position)).status_code == 404


async def test_a_revoked_member_reads_no_theme_though_projections_stand_still(settings: Settings) -> None:
    async with system_on(settings) as system:
        ada, vera = system.person(), system.person()
        theme, _ = await defined(ada, "Shared")
        deck = await ada.deck()
        await deck.grant(vera, "viewer")
        await deck.change("apply-theme", theme_id=theme)
        async with working(settings), looking(settings) as table:
            await table.caught_up()
        await vera.see(f"/api/themes/{theme}")

        await deck.revoke(vera)
        # What is asked of the log for this position is the membership; the rows still know it.
        assert await system.table.value("select count(*) from member_rows where user_id = %s", vera.user) == 1
        await ada.see(f"{deck.path}/history", min_position=deck.position)
        assert await gone_soon(vera, f"/api/themes/{theme}")


async def gone_soon(person: Person, path: str) -> bool:
    async def gone() -> bool:
        return (await person.get(path)).status_code == 404

    return bool(await eventually(gone, 1.2))


@pytest.mark.parametrize("cursor", ["x", "AAAA"])
async def test_what_is_no_cursor_of_themes_is_refused(system: System, cursor: str) -> None:
    answer = await system.person().get("/api/themes", cursor=cursor)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("fields", "field", "limit"),
    [
        ({"colors": {"accent": "red"}}, "colors.accent", None),
        ({"colors": {"chart": ["#000000", "black"]}}, "colors.chart.1", None),
        ({"colors": {"chart": ["#000000"] * 7}}, "colors.chart", 6),
        ({"colors": {"shadow": "#000000"}}, "colors.shadow", None),
        ({"colors": ["#000000"]}, "colors", None),
        ({"fonts": {"body": "Arial, serif"}}, "fonts.body", None),
        ({"fonts": {"body": "x" * 61}}, "fonts.body", 60),
        ({"name": "x" * 101}, "name", 100),
    ],
)
async def test_what_is_wrong_with_a_theme_is_named(
    system: System, fields: dict[str, Any], field: str, limit: int | None
) -> None:
    answer = await system.person().post("define-theme", {"name": "A", **fields})

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"], error.get("limit")) == (422, field, limit)
