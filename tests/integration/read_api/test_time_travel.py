"""A project, its blocks and one block as they were: at any position, or at an instant."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from running import JSON, Deck, Person, System

MOMENTS = ["{p}", "{p}/blocks", "{p}/blocks/{b}"]


class Told:
    """A deck, and what its readers were shown after each change."""

    def __init__(self, deck: Deck, seen: dict[int, tuple[JSON, list[JSON]]]) -> None:
        self.deck = deck
        self.seen = seen

    @property
    def positions(self) -> Sequence[int]:
        return list(self.seen)


async def look(deck: Deck, **query: Any) -> tuple[JSON, list[JSON]]:
    return await deck.owner.see(deck.path, **query), await deck.owner.all_pages(
        deck.path + "/blocks", **query
    )


@pytest.fixture(scope="module")
async def told(system: System) -> Told:
    """A story of a dozen changes."""
    deck = await system.person().deck(slides=2, texts=2)
    first, *texts = deck.blocks[:3]
    group = await deck.add("group", {}, first)
    inside = await deck.add("text", {"text": "in"}, group)
    guest = system.person()
    seen = {deck.position: await look(deck, min_position=deck.position)}
    for command, fields in [
        ("rename-project", {"title": "Other"}),
        ("edit-block", {"block_id": texts[0], "changes": {"text": "changed"}}),
        ("grant-access", {"user": guest.user, "role": "editor"}),
        ("move-block", {"block_id": deck.blocks[0], "after_id": deck.blocks[3]}),
        ("delete-block", {"block_id": group}),
        ("undelete-block", {"block_id": group}),
        ("edit-block", {"block_id": inside, "changes": {"text": "last"}}),
        ("archive-project", {}),
    ]:
        await deck.change(command, **fields)
        seen[deck.position] = await look(deck, min_position=deck.position)
    return Told(deck, seen)


def filled(path: str, deck: Deck) -> str:
    return path.format(p=deck.path, b=deck.blocks[0])


async def test_the_past_is_what_readers_were_shown_then(told: Told) -> None:
    assert len(told.seen) == 9
    for position, (project, blocks) in told.seen.items():
        assert await look(told.deck, at_position=position) == (project, blocks)
        for block in blocks:
            path = f"{told.deck.path}/blocks/{block['id']}"
            assert await told.deck.owner.see(path, at_position=position) == block


async def test_an_instant_means_the_last_event_by_then(told: Told) -> None:
    for position, (project, blocks) in told.seen.items():
        instant = max([project["updated_at"], *(b["updated_at"] for b in blocks)])
        events = await told.deck.owner.all_pages(told.deck.path + "/history")
        at = next(e["at"] for e in events if e["position"] == position)
        assert at >= instant
        assert await look(told.deck, at=at) == (project, blocks)
        answer = await told.deck.owner.get(told.deck.path, at=at)
        assert answer.headers["X-Decklog-Position"] == str(position)


async def test_an_offset_is_an_instant_too_also_where_its_plus_was_not_escaped(told: Told) -> None:
    head = await told.deck.owner.see(told.deck.path)
    year = int(head["updated_at"][:4]) + 1
    for at in (f"{year}-01-01T00:00:00+02:00", f"{year}-01-01T00:00:00 02:00", f"{year}-01-01t00:00:00.5z"):
        assert await told.deck.owner.see(told.deck.path, at=at) == head


async def test_pages_of_the_past_are_cut_from_one_position(told: Told) -> None:
    position = told.positions[1]
    _, blocks = told.seen[position]
    path = told.deck.path + "/blocks"
    for limit in (1, 2, 3, len(blocks), 500):
        assert await told.deck.owner.all_pages(path, at_position=position, limit=limit) == blocks
    texts = [b for b in blocks if b["type"] == "text"]
    assert await told.deck.owner.all_pages(path, at_position=position, limit=1, type="text") == texts

    first = await told.deck.owner.see(path, at_position=position, limit=1)
    other = await told.deck.owner.get(path, at_position=position + 1, cursor=first["next_cursor"])
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "cursor")
    now = await told.deck.owner.get(path, cursor=first["next_cursor"])
    assert (now.status_code, now.json()["errors"][0]["field"]) == (422, "cursor")
    plain = (await told.deck.owner.see(path, limit=1))["next_cursor"]
    then = await told.deck.owner.get(path, at_position=position, cursor=plain)
    assert (then.status_code, then.json()["errors"][0]["field"]) == (422, "cursor")


async def test_pages_of_an_instant_to_come_do_not_move_while_they_are_turned(system: System) -> None:
    deck = await system.person().deck(slides=3)
    far = "2999-01-01T00:00:00Z"
    path = deck.path + "/blocks"
    first = await deck.owner.see(path, at=far, limit=1)
    await deck.change("delete-block", block_id=deck.blocks[1])

    rest = await deck.owner.see(path, at=far, limit=5, cursor=first["next_cursor"])

    assert [b["id"] for b in first["items"] + rest["items"]] == deck.blocks
    assert [b["id"] for b in await deck.owner.all_pages(path, at=far)] == [deck.blocks[0], deck.blocks[2]]


@pytest.mark.parametrize("path", MOMENTS)
async def test_before_its_creation_a_project_is_not_there(told: Told, path: str) -> None:
    created = (await told.deck.owner.see(told.deck.path + "/history", limit=1))["items"][0]["position"]
    for query in ({"at_position": 0}, {"at_position": created - 1}, {"at": "2020-01-01T00:00:00Z"}):
        answer = await told.deck.owner.get(filled(path, told.deck), **query)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), query


async def test_a_block_is_not_there_before_it_was_added_and_is_when_deleted(told: Told) -> None:
    created = (await told.deck.owner.see(told.deck.path + "/history", limit=1))["items"][0]["position"]
    path = f"{told.deck.path}/blocks/{told.deck.blocks[0]}"
    assert (await told.deck.owner.get(path, at_position=created)).status_code == 404
    deleted = told.positions[5]
    group = next(b for b in told.seen[told.positions[0]][1] if b["type"] == "group")["id"]
    block = await told.deck.owner.see(f"{told.deck.path}/blocks/{group}", at_position=deleted)
    assert block["deleted"]
    assert group not in [b["id"] for b in told.seen[deleted][1]]


@pytest.mark.parametrize("path", MOMENTS)
async def test_ahead_of_the_log_is_waited_for_and_then_refused(told: Told, path: str) -> None:
    head = await told.deck.owner.system.table.head()
    answer = await told.deck.owner.get(filled(path, told.deck), at_position=head + 1_000_000)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Retry-After" in answer.headers


async def test_a_position_just_written_can_be_asked_for_at_once(system: System) -> None:
    deck = await system.person().deck()
    for title in ("A", "B", "C"):
        await deck.change("rename-project", title=title)
        assert (await deck.owner.see(deck.path, at_position=deck.position))["title"] == title


@pytest.mark.parametrize("path", MOMENTS)
async def test_a_position_and_an_instant_cannot_both_be_asked_for(told: Told, path: str) -> None:
    answer = await told.deck.owner.get(filled(path, told.deck), at_position=1, at="2026-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "at")


@pytest.mark.parametrize("path", MOMENTS)
async def test_the_past_may_be_kept_by_who_asked_and_is_told_unchanged(told: Told, path: str) -> None:
    asked = {"at_position": told.positions[0]}
    answer = await told.deck.owner.get(filled(path, told.deck), **asked)
    assert answer.headers["Cache-Control"] == "private, max-age=300, immutable"
    assert "Authorization" in answer.headers["Vary"]
    again = await told.deck.owner.get(
        filled(path, told.deck), headers={"If-None-Match": answer.headers["ETag"]}, **asked
    )
    assert (again.status_code, again.content) == (304, b"")
    # What an instant of just now means may still change.
    soon = await told.deck.owner.get(filled(path, told.deck), at="2999-01-01T00:00:00Z")
    assert soon.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", MOMENTS)
async def test_rights_to_the_past_are_those_of_now(system: System, path: str) -> None:
    deck = await system.person().deck(texts=1)
    guest, stranger = system.person(), system.person()
    before = deck.position
    await deck.change("grant-access", user=guest.user, role="viewer")
    asked: dict[str, Any] = {"at_position": before, "min_position": deck.position}

    assert (await stranger.get(filled(path, deck), **asked)).status_code == 404
    # A guest of today sees the days before, with the role of today.
    seen = await guest.see(filled(path, deck), **asked)
    assert seen.get("role", "viewer") == "viewer"

    await deck.change("revoke-access", user=guest.user)
    asked["min_position"] = deck.position
    assert (await guest.get(filled(path, deck), **asked)).status_code == 404
    assert (await deck.owner.get(filled(path, deck), **asked)).status_code == 200


async def test_no_block_of_another_project_is_seen_through_this_one(system: System) -> None:
    person: Person = system.person()
    mine, other = await person.deck(texts=1), await person.deck(texts=1)
    at = max(mine.position, other.position)

    answer = await person.get(f"{mine.path}/blocks/{other.blocks[0]}", at_position=at)
    assert answer.status_code == 404
    shown = await person.all_pages(f"{mine.path}/blocks", at_position=at)
    assert {b["project_id"] for b in shown} == {mine.id}
    assert (await person.get(f"{mine.path}/blocks/{uuid4()}", at_position=at)).status_code == 404
