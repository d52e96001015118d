"""Conflicts and suggestions: listed, paged, settled, told live, and nobody else's."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from logs import append_all, opened
from running import JSON, Deck, System

from domain.block import (
    BlockConflictResolved,
    BlockEditConflicted,
    BlockEditSuggested,
    BlockSuggestionDecided,
)
from domain.events import Event
from infra.postgres.event_log import PostgresEventLog


class Marks:
    """Writes what commands keep about a block into the log."""

    def __init__(self, log: PostgresEventLog, deck: Deck, block: str) -> None:
        self.log = log
        self.deck = deck
        self.block = UUID(block)

    async def _write(self, *events: Event) -> int:
        await append_all(self.log, UUID(self.deck.id), events)
        self.deck.position = (await self.log.head())[0]
        return self.deck.position

    async def _next(self) -> dict[str, Any]:
        version = (await self.log.stream(self.block))[-1].event.originator_version + 1
        return {"originator_id": self.block, "originator_version": version}

    async def conflict(self, mine: Any = "M") -> str:
        named = await self._next()
        await self._write(
            BlockEditConflicted(
                **named,
                field="text",
                item=None,
                part=None,
                base="B",
                theirs={"text": ["T"]},
                mine=mine,
                theirs_by="bob",
                mine_by="ada",
                winner="mine",
            )
        )
        return f"{self.block}.{named['originator_version']}"

    async def resolve(self, conflict: str, choice: str) -> int:
        version = int(conflict.partition(".")[2])
        return await self._write(BlockConflictResolved(**await self._next(), conflict=version, choice=choice))

    async def suggest(self) -> str:
        named = await self._next()
        await self._write(
            BlockEditSuggested(**named, changes={"text": "S"}, base_version=1, reason="shorter")
        )
        return f"{self.block}.{named['originator_version']}"

    async def decide(self, suggestion: str, *, accepted: bool) -> int:
        version = int(suggestion.partition(".")[2])
        return await self._write(
            BlockSuggestionDecided(**await self._next(), suggestion=version, accepted=accepted)
        )

    async def listed(self, what: str, **query: Any) -> list[JSON]:
        path = f"{self.deck.path}/{what}"
        return await self.deck.owner.all_pages(path, min_position=self.deck.position, **query)

    async def ids(self, what: str, **query: Any) -> list[str]:
        return [item["id"] for item in await self.listed(what, **query)]


@pytest.fixture
async def marks(system: System) -> AsyncIterator[Marks]:
    deck = await system.person().deck(texts=1)
    async with opened(system.settings) as log:
        yield Marks(log, deck, deck.blocks[1])


async def test_conflicts_are_listed_until_they_are_settled(marks: Marks) -> None:
    assert await marks.ids("conflicts") == []
    first, second, third = [await marks.conflict(f"M{i}") for i in range(3)]
    assert await marks.ids("conflicts") == [first, second, third]

    position = await marks.resolve(second, "theirs")

    assert await marks.ids("conflicts") == [first, third]
    assert await marks.ids("conflicts", resolved="true") == [second]
    settled = (await marks.listed("conflicts", resolved="true"))[0]
    assert settled["resolution"]["choice"] == "theirs"
    assert settled["resolution"]["by"] == "ada"
    assert (settled["resolved"], settled["position"]) == (True, position)
    everything = await marks.listed("conflicts", resolved="all", limit=1)
    assert [c["id"] for c in everything] == [first, second, third]
    assert [c["mine"] for c in everything] == ["M0", "M1", "M2"]
    assert everything[0]["theirs"] == {"text": ["T"]}
    assert everything[0]["actors"] == {"theirs": "bob", "mine": "ada"}


async def test_suggestions_are_listed_by_what_was_decided(marks: Marks) -> None:
    first, second, third = [await marks.suggest() for _ in range(3)]
    await marks.decide(first, accepted=True)
    await marks.decide(second, accepted=False)

    assert await marks.ids("suggestions") == [third]
    assert await marks.ids("suggestions", state="accepted") == [first]
    assert await marks.ids("suggestions", state="rejected") == [second]
    everything = await marks.listed("suggestions", state="all", limit=2)
    assert [s["id"] for s in everything] == [first, second, third]
    assert [s["decided_by"] for s in everything] == ["ada", "ada", None]
    assert everything[2]["changes"] == {"text": "S"}


@pytest.mark.parametrize("what", ["conflicts", "suggestions"])
async def test_only_members_see_them_and_only_their_own_projects(
    system: System, marks: Marks, what: str
) -> None:
    await marks.conflict()
    await marks.suggest()
    other = await marks.deck.owner.deck(texts=1)
    stranger = system.person()

    assert (await stranger.get(f"{marks.deck.path}/{what}")).status_code == 404
    assert await marks.deck.owner.all_pages(f"{other.path}/{what}", min_position=marks.deck.position) == []
    guest = system.person()
    await marks.deck.grant(guest, "viewer")
    assert len((await guest.see(f"{marks.deck.path}/{what}", min_position=marks.deck.position))["items"]) == 1


@pytest.mark.parametrize(
    ("what", "query", "field"),
    [
        ("conflicts", {"resolved": "maybe"}, "resolved"),
        ("suggestions", {"state": "maybe"}, "state"),
        ("conflicts", {"cursor": "x"}, "cursor"),
        ("suggestions", {"cursor": "x"}, "cursor"),
        ("conflicts", {"limit": "0"}, "limit"),
        ("suggestions", {"min_position": "-1"}, "min_position"),
    ],
)
async def test_wrong_parameters_are_named(marks: Marks, what: str, query: dict[str, str], field: str) -> None:
    answer = await marks.deck.owner.get(f"{marks.deck.path}/{what}", **query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_list_that_did_not_change_is_not_sent_again(marks: Marks) -> None:
    await marks.conflict()
    path, owner = f"{marks.deck.path}/conflicts", marks.deck.owner
    first = await owner.get(path, min_position=marks.deck.position)
    again = await owner.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    await marks.conflict()
    changed = await owner.get(
        path, headers={"If-None-Match": first.headers["ETag"]}, min_position=marks.deck.position
    )
    assert (changed.status_code, len(changed.json()["items"])) == (200, 2)


@pytest.mark.parametrize("behind", [True, False])
async def test_a_conflict_is_told_right_after_its_event(marks: Marks, *, behind: bool) -> None:
    """Both ways: live, and to who comes back later and reads on from where he was."""
    after = marks.deck.position
    if behind:
        await marks.conflict("M")
        await marks.deck.change("rename-project", title="Later")
    async with marks.deck.owner.live(marks.deck.id, after=after) as live:
        if not behind:
            await marks.conflict("M")
            await marks.deck.change("rename-project", title="Later")
        messages = [await live.message() for _ in range(3)]

    kept = (await marks.listed("conflicts"))[0]
    assert [m["type"] for m in messages] == ["event", "conflict", "event"]
    assert [m["position"] for m in messages] == [kept["position"], kept["position"], marks.deck.position]
    assert messages[0]["event"] == "block-edit-conflicted"
    assert messages[1] == {"type": "conflict", **kept}


async def test_two_people_who_edit_one_word_find_their_conflict_listed_and_told(system: System) -> None:
    """By commands alone: both sides are kept, shown, broadcast, and gone from the list when settled."""
    ada, bob = system.person(), system.person()
    deck = await ada.deck()
    block = await deck.add("text", {"text": "one two three"}, deck.blocks[0])
    await deck.grant(bob, "editor")
    path = f"{deck.path}/conflicts"
    async with ada.live(deck.id) as live:
        edit: JSON = {"project_id": deck.id, "block_id": block, "base_version": 1}
        await ada.do("edit-block", **edit, changes={"text": "one TWO three"})
        answer = await bob.do("edit-block", **edit, changes={"text": "one zwei three"})
        [kept] = (await ada.see(path, min_position=answer["position"]))["items"]
        assert (kept["block_id"], kept["field"], kept["resolved"]) == (block, "text", False)
        assert kept["actors"] == {"theirs": ada.user, "mine": bob.user}
        assert (kept["base"], kept["theirs"], kept["mine"]) == (
            "one two three",
            "one TWO three",
            "one zwei three",
        )
        while (message := await live.message())["type"] != "conflict":
            assert message["type"] == "event"
        assert message == {"type": "conflict", **kept}

    settled = await ada.do("resolve-conflict", project_id=deck.id, conflict_id=kept["id"], choice="theirs")

    assert (await ada.see(path, min_position=settled["position"]))["items"] == []
    [was] = (await ada.see(path, min_position=settled["position"], resolved="true"))["items"]
    assert (was["resolution"]["choice"], was["resolution"]["by"]) == ("theirs", ada.user)
    seen = await ada.see(f"{deck.path}/blocks/{block}", min_position=settled["position"])
    assert seen["content"]["text"] == "one TWO three"
    # And before: what stood while it was open.
    then = await ada.see(f"{deck.path}/blocks/{block}", at_position=kept["position"])
    assert then["content"]["text"] == "one zwei three"
