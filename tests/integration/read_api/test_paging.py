import random

import pytest
from running import Deck, Person, System


@pytest.fixture(scope="module")
async def crowded(system: System) -> Deck:
    """Nine slides with four blocks each, moved about: ranks of every length."""
    ada = system.person()
    deck = await ada.deck()
    slides = deck.blocks[:]
    answer = await deck.batch([{"type": "add-block", "block_type": "slide"} for _ in range(8)])
    slides += [r["result"]["block_id"] for r in answer["results"]]
    for kind in ("text", "quote", "group", "code"):
        commands = [{"type": "add-block", "block_type": kind, "parent_id": s} for s in slides]
        made = [r["result"]["block_id"] for r in (await deck.batch(commands))["results"]]
        if kind == "group":
            await deck.batch([{"type": "add-block", "block_type": "text", "parent_id": g} for g in made])
    picked = random.Random(7)  # noqa: S311 - the same moves in every run
    for _ in range(25):
        slide, other = picked.sample(slides, 2)
        await deck.change("move-block", block_id=slide, before_id=other)
    return deck


async def test_pages_of_blocks_lose_and_repeat_nothing(crowded: Deck) -> None:
    ada = crowded.owner
    whole = await ada.see(f"{crowded.path}/blocks", limit=500, min_position=crowded.position)
    assert whole["next_cursor"] is None
    assert len(whole["items"]) == 9 * 6
    assert await ada.see(f"{crowded.path}/blocks", whole="true") == whole
    for limit in (2, 7, 53, 54):
        assert await ada.all_pages(f"{crowded.path}/blocks", limit=limit) == whole["items"], limit


@pytest.mark.parametrize("instant", ["09:30:00", "09:30:00.5", "09:30:00.000010", "09:30:00.123456"])
async def test_a_block_is_the_same_in_a_page_and_alone_whenever_it_changed(
    system: System, instant: str
) -> None:
    ada = system.person()
    deck = await ada.deck(slides=1)
    await ada.see(f"{deck.path}/blocks", limit=1, min_position=deck.position)
    await system.table.rows(
        "update block_rows set created_at = %s, updated_at = %s, updated_by = %s where project_id = %s returning 1",
        f"2026-01-31 {instant}+00",
        f"2026-01-31 {instant}+00",
        'somebody "quoted" ü',
        deck.id,
    )
    [paged] = (await ada.see(f"{deck.path}/blocks", limit=7))["items"]
    [whole] = (await ada.see(f"{deck.path}/blocks", whole="true"))["items"]
    assert paged == whole == await ada.see(f"{deck.path}/blocks/{deck.blocks[0]}")
    assert len(paged["updated_at"]) == len("2026-01-31T09:30:00.000000Z")


async def test_blocks_come_in_tree_order(crowded: Deck) -> None:
    items = (await crowded.owner.see(f"{crowded.path}/blocks", limit=500, min_position=crowded.position))[
        "items"
    ]
    below: dict[str | None, list[dict[str, object]]] = {}
    for item in items:
        below.setdefault(item["parent_id"], []).append(item)

    def walk(parent: str | None) -> list[object]:
        found: list[object] = []
        for item in sorted(below.get(parent, []), key=lambda b: (str(b["rank"]), str(b["id"]))):
            found += [item["id"], *walk(str(item["id"]))]
        return found

    assert [i["id"] for i in items] == walk(None)


async def test_blocks_of_one_type_page_too(crowded: Deck) -> None:
    ada = crowded.owner
    items = await ada.all_pages(f"{crowded.path}/blocks", type="text", limit=4, min_position=crowded.position)
    assert len(items) == 18
    assert {i["type"] for i in items} == {"text"}
    assert len({i["id"] for i in items}) == 18


@pytest.mark.parametrize("limit", [1, 10, 500])
async def test_history_pages_both_ways(system: System, crowded: Deck, limit: int) -> None:
    ada = crowded.owner
    path = f"{crowded.path}/history"
    positions = await system.table.positions(crowded.id)
    if limit == 1:
        positions = positions[-12:]
    forwards = await ada.all_pages(path, limit=limit, after=positions[0] - 1)
    assert [e["position"] for e in forwards] == positions
    backwards = await ada.all_pages(path, limit=max(limit, 10), order="desc")
    assert [e["position"] for e in backwards] == (await system.table.positions(crowded.id))[::-1]


async def test_a_blocks_history_pages(crowded: Deck) -> None:
    ada = crowded.owner
    block = crowded.blocks[0]
    for i in range(5):
        await crowded.change("edit-block", block_id=block, changes={"title": f"Title {i}"})
    items = await ada.all_pages(
        f"{crowded.path}/blocks/{block}/history", limit=2, min_position=crowded.position
    )
    assert [e["stream"]["version"] for e in items] == list(range(1, len(items) + 1))
    assert {e["stream"]["id"] for e in items} == {block}
    assert [e["data"]["changes"]["title"] for e in items if e["event"] == "block-edited"][-5:] == [
        f"Title {i}" for i in range(5)
    ]


@pytest.fixture(scope="module")
async def owner_of_many(system: System) -> tuple[Person, list[str]]:
    ada = system.person()
    titles = [f"Deck {n} {'Ähre' if n % 5 == 0 else 'plain'}" for n in range(23)]
    made = [await ada.do("create-project", title=title) for title in titles]
    await ada.do("archive-project", project_id=made[3]["project_id"])
    answer = await ada.do("archive-project", project_id=made[10]["project_id"])
    await ada.see("/api/projects", min_position=answer["position"])
    return ada, [m["project_id"] for m in made]


async def test_pages_of_projects_lose_and_repeat_nothing(owner_of_many: tuple[Person, list[str]]) -> None:
    ada, made = owner_of_many
    newest_first = [p for n, p in enumerate(made) if n not in (3, 10)][::-1]
    for limit in (1, 4, 21, 22):
        assert [i["id"] for i in await ada.all_pages("/api/projects", limit=limit)] == newest_first


async def test_projects_by_title_and_archive(owner_of_many: tuple[Person, list[str]]) -> None:
    ada, made = owner_of_many
    found = await ada.all_pages("/api/projects", q="ähre", limit=2)
    assert [i["id"] for i in found] == [made[20], made[15], made[5], made[0]]
    archived = await ada.all_pages("/api/projects", archived="true", limit=1)
    assert [i["id"] for i in archived] == [made[10], made[3]]
    assert (await ada.see("/api/projects", q="%"))["items"] == []


async def test_members_page(system: System) -> None:
    ada = system.person("a first owner")
    deck = await ada.deck()
    others = [system.person(f"member {n:02d} ü") for n in range(11)]
    await deck.batch([{"type": "grant-access", "user": p.user, "role": "editor"} for p in others])
    items = await ada.all_pages(f"{deck.path}/members", limit=3, min_position=deck.position)
    assert items == [
        {"user": ada.user, "role": "owner"},
        *({"user": p.user, "role": "editor"} for p in others),
    ]


async def test_a_page_stays_whole_while_others_are_written(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=6)
    before = deck.blocks[:]
    first = await ada.see(f"{deck.path}/blocks", limit=2, min_position=deck.position)
    await deck.add("slide", {"title": "new"})
    await deck.change("delete-block", block_id=before[2])
    seen = [i["id"] for i in first["items"]]
    cursor = first["next_cursor"]
    while cursor:
        page = await ada.see(f"{deck.path}/blocks", limit=2, cursor=cursor, min_position=deck.position)
        seen += [i["id"] for i in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [*before[:2], *before[3:], deck.blocks[-1]]
