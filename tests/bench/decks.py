"""Decks to work on, made over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.bench.servers import Served, bearer
from tests.bench.tools import ToolFailed

# Seconds without an event after which all who came have been written down, as sessions: who stays for two seconds is,
# by a worker that looks every second.
QUIET, QUIET_AT_MOST = 4.0, 90.0


@dataclass(frozen=True, slots=True)
class Deck:
    """A project, its text blocks, and the position that all of it had come to."""

    project: str
    blocks: tuple[str, ...]
    position: int


class Author:
    """Makes decks and edits them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def do(self, name: str, **fields: Any) -> Any:
        """Run a command that has to succeed.

        Raises:
            ToolFailed: it did not.
        """
        return _answer(await self.client.post(f"/api/commands/{name}", json=fields))

    async def deck(self, blocks: int) -> Deck:
        """Make a project with one slide and some text blocks on it."""
        project = (await self.do("create-project", title="Bench"))["project_id"]
        slide = await self.do("add-block", project_id=project, type="slide", content={"title": "One"})
        common = {
            "type": "add-block",
            "project_id": project,
            "parent_id": slide["result"]["block_id"],
            "block_type": "text",
        }
        batch = [common | {"content": {"text": f"text {k}"}} for k in range(blocks)]
        answer = _answer(await self.client.post("/api/commands", json={"commands": batch}))
        ids = tuple(result["result"]["block_id"] for result in answer["results"])
        return Deck(project, ids, answer["position"])


@asynccontextmanager
async def author(write: Served) -> AsyncIterator[Author]:
    """Work on a write process."""
    headers = {"Authorization": bearer()}
    async with httpx.AsyncClient(base_url=write.url, headers=headers, timeout=30, trust_env=False) as client:
        yield Author(client)


async def see(read: Served, path: str) -> httpx.Response:
    """Read what has to be there.

    Raises:
        ToolFailed: it is not.
    """
    headers = {"Authorization": bearer()}
    async with httpx.AsyncClient(base_url=read.url, headers=headers, timeout=30, trust_env=False) as client:
        answer = await client.get(path)
    _answer(answer)
    return answer


async def at_rest(write: Served) -> None:
    """Wait until the log has not grown for a while: who came has become a session by then."""
    begun = moved = time.monotonic()
    head = -1
    while time.monotonic() - moved < QUIET:
        if time.monotonic() - begun > QUIET_AT_MOST:
            raise ToolFailed("the log does not come to rest")
        now = (await see(write, "/api/health")).json()["position"]
        if now != head:
            head, moved = now, time.monotonic()
        await asyncio.sleep(0.5)


def _answer(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise ToolFailed(f"{answer.request.url.path} was answered {answer.status_code}: {answer.text[:200]}")
    return answer.json()
