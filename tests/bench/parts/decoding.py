"""Reads a whole log again and again, as rows or as events, and tells how fast."""

import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import uvloop

from commands.ports import CHUNK, EventQuery
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog
from infra.runtime import settle_memory
from infra.settings import Settings
from tests.bench.part import say


async def _rows(log: PostgresEventLog) -> AsyncIterator[int]:
    position = 0
    while rows := await log.rows_after(position, CHUNK):
        position = rows[-1][0]
        yield len(rows)


async def _events(log: PostgresEventLog) -> AsyncIterator[int]:
    async for events in log.chunks(EventQuery()):
        yield len(events)


async def _run(config: dict[str, Any]) -> None:
    connections = pool(Settings(**config["settings"]), "bench")
    await connections.open()
    log, count = PostgresEventLog(connections), 0
    settle_memory()
    begun, cpu = time.monotonic(), time.process_time()
    while time.monotonic() < begun + config["seconds"]:
        async for n in (_events if config["decode"] else _rows)(log):
            count += n
            if time.monotonic() >= begun + config["seconds"]:
                break
    took, cpu = time.monotonic() - begun, time.process_time() - cpu
    await connections.close()
    say({"rate": count / took, "cpu_us": cpu / count * 1e6})


def main() -> None:
    uvloop.run(_run(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
