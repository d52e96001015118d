"""A live reader: it writes down what it sees of the log, as it comes.

One kind is woken by notifications, as the relay is, and looks each second all the same; the other only looks.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import psycopg

from domain.errors import Unavailable
from infra.postgres.codec import Row
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.listener import listen
from infra.settings import Settings
from tests.faults.chance import chance
from tests.faults.parts.talking import Orders, say

CHANNEL = "decklog_log"
BATCH = 500
HEARTBEAT = 1.0
LEAST_PAUSE, MOST_PAUSE = 0.01, 0.15
TELL_EVERY = 0.5


class Reader:
    """Follows the log from its beginning."""

    def __init__(self, log: PostgresEventLog, file: TextIO, wake: asyncio.Event, *, listens: bool) -> None:
        self.position = 0
        self.until: int | None = None
        self._log = log
        self._file = file
        self._wake = wake
        self._listens = listens
        self._picked = chance(listens)

    @property
    def done(self) -> bool:
        return self.until is not None and self.position >= self.until

    async def run(self) -> None:
        while not self.done:
            self._wake.clear()
            try:
                while rows := await self._log.rows_after(self.position, BATCH):
                    self._take(rows)
            except (psycopg.Error, Unavailable):
                await asyncio.sleep(LEAST_PAUSE)
                continue
            await self._pause()

    async def _pause(self) -> None:
        if not self._listens:
            await asyncio.sleep(self._picked.uniform(LEAST_PAUSE, MOST_PAUSE))
            return
        try:
            async with asyncio.timeout(HEARTBEAT):
                await self._wake.wait()
        except TimeoutError:
            return

    def _take(self, rows: Sequence[Row]) -> None:
        lines = [f"{r[0]} {r[1].hex} {r[2]} {r[6].hex}\n" for r in rows]
        self._file.write("".join(lines))
        self._file.flush()
        self.position = rows[-1][0]


async def _run(config: dict[str, Any]) -> None:
    settings = Settings(**config["settings"])
    connections = pool(settings, "faults")
    await connections.open()
    wake = asyncio.Event()
    with Path(config["file"]).open("w", encoding="ascii") as file:  # noqa: ASYNC230 - before anything runs
        reader = Reader(PostgresEventLog(connections), file, wake, listens=config["listens"])
        tasks = [asyncio.create_task(reader.run())]
        if config["listens"]:
            tasks.append(asyncio.create_task(listen(settings, CHANNEL, lambda _: wake.set())))
        orders = await Orders.open()
        order = asyncio.create_task(orders.next())
        while not tasks[0].done():
            say({"position": reader.position})
            await asyncio.wait([*tasks, order], timeout=TELL_EVERY, return_when=asyncio.FIRST_COMPLETED)
            if order.done():
                reader.until = order.result()["until"]
                wake.set()
                order = asyncio.create_task(orders.next())
        tasks[0].result()
        for task in [*tasks, order]:
            task.cancel()
        await asyncio.gather(*tasks, order, return_exceptions=True)
    await connections.close()
    say({"position": reader.position, "done": True})


def main() -> None:
    asyncio.run(_run(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
