"""Named versions over the real servers, and who a project is named after."""

from typing import Any

from running import Deck, System

NOTHING = "5cb2a1a6-0000-4000-8000-000000000000"


async def named(deck: Deck, name: str, **fields: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await deck.change("name-version", name=name, **fields))["result"]
    return result


async def test_versions_are_listed_from_the_newest_on(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    first = await named(deck, "Überarbeitet")
    await deck.add("slide", {"title": "later"})
    second = await named(deck, "Überarbeitet")
    past = await named(deck, "The beginning", position=first["position"])

    page = await ada.see(f"{deck.path}/versions", min_position=deck.position)

    assert page["next_cursor"] is None
    assert [(v["id"], v["name"], v["position"]) for v in page["items"]] == [
        (past["version_id"], "The beginning", first["position"]),
        (second["version_id"], "Überarbeitet", second["position"]),
        (first["version_id"], "Überarbeitet", first["position"]),
    ]
    assert {(v["created_by"], v["project_id"]) for v in page["items"]} == {(ada.user, deck.id)}
    assert second["position"] > first["position"]
    assert [list(v) for v in page["items"]] == [
        ["id", "project_id", "name", "position", "created_at", "created_by"]
    ] * 3


async def test_pages_of_versions_lose_and_repeat_nothing(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    names = [f"V{n}" for n in range(7)]
    for name in names:
        await named(deck, name)

    for limit in (1, 3, 6, 7, 8):
        items = await ada.all_pages(f"{deck.path}/versions", limit=limit, min_position=deck.position)
        assert [v["name"] for v in items] == names[::-1]


async def test_a_position_that_has_no_state_is_refused_by_its_limit(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    [first, *_] = await system.table.positions(deck.id)
    for position, limit in ((first - 1, first), (10**12, await system.table.head())):
        answer = await ada.post("name-version", {"project_id": deck.id, "name": "A", "position": position})
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["field"]) == (422, "position")
        assert error["limit"] >= limit


async def test_a_position_that_a_reader_was_told_can_be_named(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    await system.person().deck()
    await system.table.caught_up()
    told = await ada.get(deck.path)

    result = await named(deck, "As I saw it", position=int(told.headers["X-Decklog-Position"]))

    assert result["position"] == int(told.headers["X-Decklog-Position"])


async def test_strangers_see_no_versions_and_a_commenter_names_none(system: System) -> None:
    ada, eve, carl = system.person(), system.person(), system.person()
    deck, others = await ada.deck(), await eve.deck()
    await named(deck, "Ours")
    await deck.grant(carl, "commenter")

    foreign = await eve.get(f"{deck.path}/versions")
    nothing = await eve.get(f"/api/projects/{NOTHING}/versions")
    assert (foreign.status_code, foreign.content) == (404, nothing.content)
    assert (await eve.see(f"{others.path}/versions", min_position=others.position))["items"] == []
    refused = await carl.post("name-version", {"project_id": deck.id, "name": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert len((await carl.see(f"{deck.path}/versions", min_position=deck.position))["items"]) == 1


async def test_a_project_follows_its_owners(system: System) -> None:
    ada, grace, vera = (system.person(f"{name} {id(system)}") for name in ("ada", "grace", "vera"))
    deck = await ada.deck()
    await deck.grant(grace, "viewer")
    moved = await ada.do("transfer-ownership", project_id=deck.id, user=grace.user)

    told = await ada.see(deck.path, min_position=moved["position"])
    assert (told["owner"], told["role"]) == (grace.user, "editor")
    assert (await grace.see(deck.path))["role"] == "owner"

    await grace.do("grant-access", project_id=deck.id, user=vera.user, role="owner")
    gone = await grace.do("leave-project", project_id=deck.id)
    told = await vera.see(deck.path, min_position=gone["position"])
    assert told["owner"] == vera.user
    assert told["members"] == [
        {"user": ada.user, "role": "editor"},
        {"user": vera.user, "role": "owner"},
    ]
    for path in (deck.path, f"{deck.path}/versions", f"{deck.path}/members"):
        assert (await grace.get(path, min_position=gone["position"])).status_code == 404
    assert (await grace.see("/api/projects", min_position=gone["position"]))["items"] == []
    refused = await vera.post("leave-project", {"project_id": deck.id})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "project_id")
