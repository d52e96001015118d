"""A storm of ten times the connections: what admitted edits take meanwhile, and how soon all is as before."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import orjson

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import author
from tests.bench.harness import Bench, Stage
from tests.bench.servers import Served, bearer

NORMAL, STORM = 32, 320
PATH = "/api/commands/edit-block"
P99 = Budget(
    "p99 of admitted edits, 320 connections",
    "32 connections",
    4,
    2,
    key="p99_ms",
    unit="ms",
    lower_is_better=True,
)
AFTER = Budget(
    "p99 within 5 s after it", "32 connections", 2, 1.2, key="after_ms", unit="ms", lower_is_better=True
)
IMPATIENCE = 0.1


class _Client:
    """One connection that edits on and on, and notes what each admitted edit took."""

    def __init__(self, server: Served, project: str, block: str) -> None:
        self._server = server
        body = orjson.dumps({"project_id": project, "block_id": block, "changes": {"text": "another text"}})
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer()}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._request = head.encode() + body
        self.admitted: list[float] = []
        self.refused = 0

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        try:
            while True:
                begun = time.perf_counter()
                writer.write(self._request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                if head.startswith(b"HTTP/1.1 200"):
                    self.admitted.append(time.perf_counter() - begun)
                else:
                    self.refused += 1
                    # Ten times sooner than it was told to.
                    await asyncio.sleep(IMPATIENCE)
        finally:
            writer.close()


async def _storm(clients: Sequence[_Client], seconds: float) -> Measured:
    for client in clients:
        client.admitted.clear()
    tasks = [asyncio.create_task(client.run()) for client in clients]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
    times = sorted(t for client in clients for t in client.admitted)
    refused = sum(client.refused for client in clients)
    return {
        "p99_ms": times[int(len(times) * 0.99)] * 1e3,
        "rate": len(times) / seconds,
        "refused": refused / seconds,
    }


async def _run(stage: Stage) -> None:
    async with (
        stage.servers.database() as settings,
        stage.servers.serving("write", settings) as write,
        author(write) as writer,
    ):
        decks = [await writer.deck(NORMAL) for _ in range(STORM // NORMAL)]
        clients = [_Client(write, deck.project, block) for deck in decks for block in deck.blocks]
        await _storm(clients[:NORMAL], 1)
        seconds = stage.options.seconds

        async def normal() -> Measured:
            found = await _storm(clients[:NORMAL], seconds)
            return {**found, "after_ms": found["p99_ms"]}

        async def storm() -> Measured:
            found = await _storm(clients, seconds)
            # It is over; whatever it left behind shows now.
            after = await _storm(clients[:NORMAL], 5)
            return {**found, "after_ms": after["p99_ms"]}

        await stage.compare([P99, AFTER], normal, storm)


BENCH = Bench("overload", "a storm of ten times the connections on one write process", (P99, AFTER), _run)
