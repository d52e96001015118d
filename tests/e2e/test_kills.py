"""Any process may be killed at any time: what was acknowledged stays, and everything catches up by itself."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest
import websockets

from tests.e2e.conftest import Service, User

PATIENCE = 30


def until(what: str, holds: Callable[[], Any]) -> Any:
    """Ask again until something holds; the deadline names what did not."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while True:
        try:
            if found := holds():
                return found
        except (httpx.HTTPError, psutil.Error):
            pass
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        pause.wait(0.05)


@dataclass
class Writer:
    """Posts numbered edits, each under a key of its own, again and again until it is answered."""

    user: User
    project: str
    block: str
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            text = f"edit {number}"
            answer = self.post(text, f"{self.block} {number}")
            self.acknowledged.append((answer["position"], text))

    def post(self, text: str, key: str) -> Any:
        body = {"project_id": self.project, "block_id": self.block, "changes": {"text": text}}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = self.user.post("edit-block", body, key)
                if response.status_code == 200:
                    return response.json()
                assert response.status_code == 503, response.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "an edit was not taken in time"


class Subscriber:
    """Follows a project, reconnecting from where it was."""

    def __init__(self, service: Service, user: User, project: str) -> None:
        self.positions: list[int] = []
        self._url = service.read_url.replace("http", "ws") + f"/api/projects/{project}/live"
        self._protocols = [
            "decklog.v1",
            "bearer." + user.http.headers["authorization"].removeprefix("Bearer "),
        ]

    async def follow(self, until_position: int) -> None:
        while not self.positions or self.positions[-1] < until_position:
            after = self.positions[-1] if self.positions else 0
            try:
                async with websockets.connect(
                    f"{self._url}?after={after}", subprotocols=self._protocols
                ) as socket:
                    async for message in socket:
                        event = json.loads(message)
                        if event["type"] == "event":
                            self.positions.append(event["position"])
                            if event["position"] >= until_position:
                                return
            except (OSError, websockets.WebSocketException):
                await asyncio.sleep(0)


def history(user: User, project: str) -> list[dict[str, Any]]:
    text = user.http.get(
        f"{user.service.read_url}/api/projects/{project}/history", headers={"Accept": "application/x-ndjson"}
    ).text
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("victim", ["write", "read", "workers", "valkey", "postgres"])
def test_killing_a_process_loses_no_acknowledged_edit(service: Service, victim: str) -> None:
    ada = service.user("ada")
    project, _, blocks = ada.deck("one", "two", "three")
    writers = [Writer(service.user("ada"), project, block) for block in blocks]
    threads = [threading.Thread(target=w.run) for w in writers]
    for thread in threads:
        thread.start()
    try:
        until("the first edits", lambda: all(len(w.acknowledged) > 5 for w in writers))
        before = service.descendants()[victim]
        before.kill()
        until(
            f"{victim} is back", lambda: (now := service.descendants().get(victim)) and now.pid != before.pid
        )
        marks = [len(w.acknowledged) for w in writers]
        until(
            "edits go on",
            lambda: all(len(w.acknowledged) > m + 5 for w, m in zip(writers, marks, strict=True)),
        )
    finally:
        for writer in writers:
            writer.stop.set()
        for thread in threads:
            thread.join(PATIENCE)

    # Every acknowledged edit is in the log, once, at the position that was answered.
    events = until("the history can be read", lambda: history(ada, project))
    told = {e["position"]: e["data"]["changes"]["text"] for e in events if e["event"] == "block-edited"}
    acknowledged = [a for w in writers for a in w.acknowledged]
    assert told == dict(acknowledged)
    assert len(told) == len(acknowledged)

    # The read models catch up, and a subscriber from the start gets exactly the log.
    last = max(position for position, _ in acknowledged)
    for writer in writers:
        document = until(
            "the read model has caught up",
            lambda w=writer: (
                (r := ada.get(f"/projects/{project}/blocks/{w.block}", min_position=last)).status_code == 200
                and r.json()
            ),
        )
        assert document["content"]["text"] == writer.acknowledged[-1][1]
    subscriber = Subscriber(service, ada, project)
    asyncio.run(asyncio.wait_for(subscriber.follow(last), PATIENCE))
    assert subscriber.positions == [e["position"] for e in events]


def test_emptying_valkey_changes_no_answer(service: Service) -> None:
    import redis  # noqa: PLC0415 - only here

    ada = service.user("ada")
    project, _, (block, _) = ada.deck("one", "two")
    position = ada.command("edit-block", project_id=project, block_id=block, changes={"text": "new"})[
        "position"
    ]
    paths = [
        "/projects",
        f"/projects/{project}",
        f"/projects/{project}/blocks",
        f"/projects/{project}/history",
    ]
    before = [ada.get(path, min_position=position).json() for path in paths]
    with redis.Redis.from_url(service.cli("cache", "url").stdout.strip()) as valkey:
        valkey.flushall()
    assert [ada.get(path).json() for path in paths] == before
    later = ada.command("edit-block", project_id=project, block_id=block, changes={"text": "newer"})[
        "position"
    ]
    document = until(
        "the edit after FLUSHALL is read",
        lambda: (
            (r := ada.get(f"/projects/{project}/blocks/{block}", min_position=later)).status_code == 200
            and r.json()
        ),
    )
    assert document["content"]["text"] == "newer"
    subscriber = Subscriber(service, ada, project)
    asyncio.run(asyncio.wait_for(subscriber.follow(later), PATIENCE))
    assert subscriber.positions == [e["position"] for e in history(ada, project)]
