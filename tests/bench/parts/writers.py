"""Writers that append to the log through one appender, each to streams of its own, as fast as it lets them."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from random import getrandbits
from uuid import UUID

import uvloop

from commands.ports import Append, Appended, EventWrite, StreamWrite
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.runtime import settle_memory
from infra.settings import Settings
from tests.bench.filling import edit, text
from tests.bench.part import listen, say

WARM_UP = 0.5
# What `edit-block` keeps as its answer, for a repeat of the command.
ANSWER = (
    b'{"position":1,"project_id":"12eccd1e-bcb3-5da4-8716-5d31df72255f",'
    b'"streams":[{"id":"60aa22eb-7b5c-545d-abaf-f0acc43b2a96","kind":"block","version":2}],'
    b'"outcome":"applied","conflicts":[],"result":{}}'
)


def _id() -> UUID:
    """Make an id by chance; uuid4 asks the system for each, which would be a tenth of what is measured."""
    return UUID(int=getrandbits(128))


def _key() -> UUID:
    """Make a key as our clients do (`decklog.keys`), also without asking the system."""
    return UUID(
        int=(time.time_ns() // 1_000_000) << 80 | 7 << 76 | getrandbits(12) << 64 | 2 << 62 | getrandbits(62)
    )


class _Writers:
    def __init__(self, log: PostgresEventLog, text: str, key: Callable[[], UUID]) -> None:
        self.count = 0
        self._log = log
        self._text = text
        self._key = key
        self._stop = False

    def stop(self) -> None:
        self._stop = True

    async def write(self) -> None:
        stream, project, version = _id(), _id(), 0
        while not self._stop:
            outcome = await self._log.append(self._request(stream, project, version))
            if not isinstance(outcome, Appended):
                raise ConnectionError(f"an append was answered by {outcome}")
            version += 1
            self.count += 1

    def _request(self, stream: UUID, project: UUID, version: int) -> Append:
        command_id = self._key()
        return Append(
            caller="ada",
            command_id=command_id,
            request_hash=bytes(32),
            status=200,
            body=ANSWER,
            metadata={"actor": {"id": "ada", "kind": "person"}, "correlation_id": str(command_id)},
            writes=(StreamWrite(stream, project, version),),
            events=(EventWrite(0, edit(stream, version + 1, self._text), command_id),),
        )


async def _run(settings: Settings, writers: int, seconds: float, key: Callable[[], UUID]) -> None:
    appender = Appender(settings, structural_topics())
    await appender.start()
    crew = _Writers(PostgresEventLog(pool(settings, "bench"), appender), text(), key)
    settle_memory()
    say("ready")
    await asyncio.sleep(max(0.0, listen() - time.monotonic()))
    tasks = [asyncio.create_task(crew.write()) for _ in range(writers)]
    await asyncio.sleep(WARM_UP)
    begun, count, cpu = time.monotonic(), crew.count, time.process_time()
    await asyncio.sleep(seconds)
    took, count, cpu = time.monotonic() - begun, crew.count - count, time.process_time() - cpu
    crew.stop()
    await asyncio.gather(*tasks)
    await appender.stop()
    say({"count": count, "seconds": took, "cpu": cpu})


def main() -> None:
    config = json.loads(sys.argv[1])
    key = _id if config["by_chance"] else _key
    uvloop.run(_run(Settings(**config["settings"]), config["writers"], config["seconds"], key))


if __name__ == "__main__":
    main()
