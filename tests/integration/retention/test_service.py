"""The running service while projects leave its log and come back."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from retained import folder
from running import Deck, Person, System, eventually, serving_read, system_on, working

from infra.http.auth import issue
from infra.settings import Settings
from tests.conftest import environment

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def own(settings: Settings) -> AsyncIterator[System]:
    async with working(settings), system_on(settings) as running:
        yield running


async def decklog(system: System, file: Path, *verb: str, code: int = 0) -> Any:
    """Run a verb in a process of its own; return what it says as JSON, or its complaint."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "workers.cli",
        *verb,
        "--json",
        "--data-dir",
        str(file.parent),
        cwd=ROOT,
        env=environment(system.settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    return json.loads(out) if not code else err.decode()


async def documents(deck: Deck) -> list[Any]:
    """All that queries say of a deck, but what moves by itself."""
    person = deck.owner
    project = await person.see(deck.path, min_position=deck.position)
    blocks = await person.all_pages(f"{deck.path}/blocks", min_position=deck.position)
    return [
        {k: v for k, v in project.items() if k not in {"version", "position", "updated_at", "updated_by"}},
        blocks,
    ]


async def gone(deck: Deck) -> bool:
    person = deck.owner
    paths = (deck.path, f"{deck.path}/blocks", f"{deck.path}/blocks/{deck.blocks[0]}", f"{deck.path}/history")
    answers = [(await person.get(path)).status_code for path in paths]
    assert set(answers) <= {200, 404}
    return set(answers) == {404}


async def listed(person: Person) -> list[str]:
    return [p["id"] for p in await person.all_pages("/api/projects", archived="true")]


async def archived(person: Person) -> Deck:
    deck = await person.deck(slides=2, texts=2)
    await deck.change("edit-block", block_id=deck.blocks[1], changes={"text": "secret words"})
    await deck.change("archive-project")
    return deck


async def test_a_project_leaves_and_comes_back(own: System, file: Path) -> None:
    ada = own.person()
    deck, other = await archived(ada), await ada.deck(slides=1)
    before = await documents(deck)
    assert await listed(ada) == [deck.id]
    refused = await decklog(own, file, "project", "detach", other.id, "--out", str(file), code=1)
    assert "is not archived" in refused
    assert folder(file) == []

    async with ada.live(deck.id) as live:
        done = await decklog(own, file, "project", "detach", deck.id, "--out", str(file))
        code, _ = await live.closed()
        assert code == 4403
    assert done["project_id"] == deck.id
    await eventually(lambda: gone(deck))

    async def off_the_list() -> bool:
        return await listed(ada) == []

    await eventually(off_the_list)
    # Commands do not find it either, from a process that knew it, and its id stays taken.
    for command, fields in (
        ("unarchive-project", {}),
        ("edit-block", {"block_id": deck.blocks[1], "changes": {"text": "late"}}),
        ("rename-project", {"title": "late"}),
    ):
        answer = await ada.post(command, {"project_id": deck.id, **fields})
        assert answer.status_code == 404, answer.text
    taken = await ada.post("create-project", {"title": "Mine", "project_id": deck.id})
    assert (taken.status_code, taken.json()["code"]) == (409, "already-exists")
    # A process that starts now never knew it.
    async with serving_read(own.settings) as url:
        assert await gone(Deck(ada.at(own.reading(url)), deck.id, 0, deck.blocks))
    # The rest of the log goes on.
    await other.change("rename-project", title="Goes on")
    assert (await ada.see(other.path, min_position=other.position))["title"] == "Goes on"
    [left] = await decklog(own, file, "project", "detached")
    assert (left["project_id"], left["file_sha256"]) == (deck.id, done["file_sha256"])
    assert (await decklog(own, file, "audit", "verify"))["detached"] == done["events"]

    back = await decklog(own, file, "project", "restore", str(file))
    deck.position = back["position"]
    assert await documents(deck) == before
    assert await listed(ada) == [deck.id]
    events = await ada.all_pages(f"{deck.path}/history")
    assert [e["event"] for e in events[-2:]] == ["project-detached", "project-attached"]
    await deck.change("unarchive-project")
    await deck.change("edit-block", block_id=deck.blocks[1], changes={"text": "and on"})
    block = await ada.see(f"{deck.path}/blocks/{deck.blocks[1]}", min_position=deck.position)
    assert block["content"]["text"] == "and on"
    assert (await decklog(own, file, "audit", "verify"))["ok"] is True


async def test_rebuilds_meet_tombstones_and_what_came_back(own: System, file: Path) -> None:
    ada = own.person()
    deck, other = await archived(ada), await archived(ada)
    before = await documents(deck), await documents(other)
    await decklog(own, file, "project", "detach", deck.id, "--out", str(file))
    await eventually(lambda: gone(deck))
    await decklog(own, file, "projections", "rebuild")
    assert await own.table.value("select count(*) from block_rows where project_id = %s", deck.id) == 0
    assert await own.table.value("select count(*) from project_rows") == 1
    assert await documents(other) == before[1]

    deck.position = (await decklog(own, file, "project", "restore", str(file)))["position"]
    assert (await documents(deck), await documents(other)) == before
    await decklog(own, file, "projections", "rebuild")
    assert (await documents(deck), await documents(other)) == before


async def test_a_shred_after_the_detach_reaches_the_file(own: System, file: Path) -> None:
    user, name, email = f"user-{uuid4().hex[:6]}", f"Ada {uuid4().hex}", f"{uuid4().hex}@example.org"
    secret = own.settings.jwt_secret
    ada = Person(own, user, issue(secret, user, now=time.time(), ttl=3600, name=name, email=email))
    deck = await archived(ada)
    shown = await ada.all_pages(f"{deck.path}/history")
    assert {e["actor"]["name"] for e in shown} == {name}
    await decklog(own, file, "project", "detach", deck.id, "--out", str(file))
    assert not any(word.encode() in whole(file) for word in (name, email))
    await decklog(own, file, "audit", "shred", user, "--yes")
    back = await decklog(own, file, "project", "restore", str(file))
    shown = await ada.all_pages(f"{deck.path}/history", min_position=back["position"])
    assert [e["actor"] for e in shown[:-2]] == [
        {"id": user, "kind": "person", "name": None, "shredded": True}
    ] * (len(shown) - 2)


def whole(file: Path) -> bytes:
    return file.read_bytes()
