import asyncio
import time
from uuid import UUID

import pytest
from running import Person, System, eventually, serving_read, system_on, working

from infra.settings import Settings
from projections.partitions import partition_of

LISTS = [
    "/api/projects",
    "{p}/blocks",
    "{p}/history",
    "{p}/members",
    "{p}/blocks/{b}/history",
    "{p}/conflicts",
    "{p}/suggestions",
    "{p}/versions",
    "{p}/comments",
    "{p}/sessions",
    "/api/themes",
]
EVERYTHING = [*LISTS, "{p}", "{p}/blocks/{b}"]


async def test_a_position_in_the_future_is_waited_for_and_then_refused(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    hasty = system.settings.model_copy(update={"read_wait_ms": 300})
    async with serving_read(hasty) as url:
        there = ada.at(system.reading(url))

        async def ask(path: str) -> None:
            begin = time.monotonic()
            answer = await there.get(path.format(p=deck.path, b=deck.blocks[0]), min_position=10**12)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), path
            assert int(answer.headers["Retry-After"]) >= 1
            assert 0.29 <= time.monotonic() - begin < 1.5, path

        await asyncio.gather(*map(ask, EVERYTHING))


async def test_a_position_that_comes_while_waiting_is_answered(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    ahead = await system.table.head() + 1
    waiting = asyncio.gather(
        *(ada.get(p.format(p=deck.path, b=deck.blocks[0]), min_position=ahead) for p in EVERYTHING)
    )
    await deck.add("slide", {"title": "awaited"})
    answers = await waiting
    assert [a.status_code for a in answers] == [200] * len(EVERYTHING)
    assert all(int(a.headers["X-Decklog-Position"]) >= ahead for a in answers)


async def test_own_writes_are_seen_at_once(system: System) -> None:
    async def one(person: Person) -> None:
        for n in range(4):
            made = await person.do("create-project", title=f"New {n}")
            path, position = f"/api/projects/{made['project_id']}", made["position"]
            listed, found = await asyncio.gather(
                person.see("/api/projects", min_position=position), person.see(path, min_position=position)
            )
            assert listed["items"][0]["id"] == found["id"] == made["project_id"]
            added = await person.do("add-block", project_id=found["id"], type="slide", content={"title": "a"})
            block = added["result"]["block_id"]
            seen, tree = await asyncio.gather(
                person.see(f"{path}/blocks/{block}", min_position=added["position"]),
                person.see(f"{path}/blocks", min_position=added["position"]),
            )
            assert seen == tree["items"][0]
            edited = await person.do(
                "edit-block", project_id=found["id"], block_id=block, changes={"title": "b"}
            )
            again = await person.see(f"{path}/blocks/{block}", min_position=edited["position"])
            assert (again["content"]["title"], again["version"]) == ("b", 2)

    await asyncio.gather(*(one(system.person()) for _ in range(12)))


async def test_who_never_asks_for_a_position_sees_an_edit_all_the_same(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    paths = [deck.path, f"{deck.path}/blocks", f"{deck.path}/blocks/{deck.blocks[0]}", "/api/projects"]
    for n in range(5):
        # All of it is cached as it was.
        for path in paths:
            await ada.see(path, min_position=deck.position)
        await deck.batch(
            [
                {"type": "rename-project", "title": f"Title {n}"},
                {"type": "edit-block", "block_id": deck.blocks[0], "changes": {"title": f"Title {n}"}},
            ]
        )
        for path in paths:

            async def shown(path: str = path, n: int = n) -> bool:
                return f'"Title {n}"' in (await ada.get(path)).text

            await eventually(shown)


async def test_a_changed_role_is_seen_with_min_position(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    for n in range(6):
        role = ("viewer", "editor")[n % 2]
        position = await deck.grant(grace, role)
        mine, members = await asyncio.gather(
            grace.see(deck.path, min_position=position),
            grace.see(f"{deck.path}/members", min_position=position),
        )
        assert mine["role"] == role
        assert {"user": grace.user, "role": role} in members["items"]
        listed = await grace.see("/api/projects", min_position=position)
        assert [(i["id"], i["role"]) for i in listed["items"]] == [(deck.id, role)]


async def test_a_changed_role_is_seen_with_min_position_by_a_process_without_redis(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    alone = Settings.model_validate({**system.settings.model_dump(), "redis_url": "redis://127.0.0.1:1/0"})
    async with serving_read(alone) as url:
        there = grace.at(system.reading(url))
        for role in ("viewer", "editor", "commenter"):
            position = await deck.grant(grace, role)
            seen = await there.see(deck.path, min_position=position)
            assert seen["role"] == role
            listed = await there.see("/api/projects", min_position=position)
            assert [i["role"] for i in listed["items"]] == [role]


async def test_a_list_waits_for_partitions_that_have_not_begun(settings: Settings) -> None:
    hasty = settings.model_copy(update={"read_wait_ms": 200})
    async with system_on(hasty) as fresh:
        ada = fresh.person()
        deck = await ada.deck()
        # Three of four projectors have been here; the project's own has not.
        for k in range(4):
            if k != partition_of(UUID(deck.id), 4):
                await fresh.table.rows(
                    "insert into projection_checkpoints values ('projects', %s, %s) returning 1",
                    k,
                    deck.position,
                )
        answer = await ada.get("/api/projects", min_position=deck.position)
        assert answer.status_code == 503, answer.text
        async with working(hasty):
            await fresh.table.caught_up()
            listed = await ada.see("/api/projects", min_position=deck.position)
            assert [i["id"] for i in listed["items"]] == [deck.id]


@pytest.mark.parametrize("path", EVERYTHING)
async def test_no_projector_means_no_new_rows_but_no_wrong_ones(idle: System, path: str) -> None:
    ada = idle.person()
    deck = await ada.deck()
    answer = await ada.get(path.format(p=deck.path, b=deck.blocks[0]))
    if path.endswith(("history", "members")):
        assert answer.status_code == 200
        assert answer.json()["items"]
    elif path in LISTS:
        # What comes with the product needs no projector.
        assert answer.status_code == 200
        assert [i for i in answer.json()["items"] if not i.get("built_in")] == []
        assert int(answer.headers["X-Decklog-Position"]) == 0
    else:
        assert answer.status_code == 404
