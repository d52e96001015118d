"""Edits appended at a steady rate, and how long each takes from its commit until the read model has it.

A read model tells of each move of its checkpoint as the rows commit; that is listened to, as readers do who wait.
"""

import asyncio
import json
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from random import getrandbits
from uuid import UUID

import uvloop

from commands.ports import Append, Appended, EventWrite, StreamWrite
from domain.block import BlockAdded
from domain.events import Event
from domain.project import ProjectCreated
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.postgres.listener import listen
from infra.runtime import settle_memory
from infra.settings import Settings
from projections import checkpoints
from projections.partitions import partition_of
from tests.bench.filling import edit, text
from tests.bench.part import say
from tests.bench.parts.writers import ANSWER

MODEL = "blocks"
PROJECTS, BLOCKS = 40, 25
TICK, PATIENCE = 0.01, 20.0


def _id() -> UUID:
    return UUID(int=getrandbits(128))


class _Lagging:
    def __init__(self, settings: Settings, log: PostgresEventLog) -> None:
        self._log = log
        self._partitions = settings.stream_partitions
        self._text = text()
        # By partition: when the model was told to be where, in order.
        self._told: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._moved = asyncio.Event()
        # Blocks as (id, project, version); positions as (partition, moment of the acknowledgment).
        self._blocks: list[tuple[UUID, UUID, int]] = []
        self._acknowledged: dict[int, tuple[int, float]] = {}

    def heard(self, payload: str) -> None:
        """Note that a checkpoint has moved."""
        if not payload:
            return
        models, partition, position = payload.split()
        if MODEL in models.split(","):
            self._told[int(partition)].append((int(position), time.monotonic()))
            self._moved.set()

    async def begin(self) -> None:
        """Make projects with blocks, and wait until the read model has them."""
        last = 0
        for _ in range(PROJECTS):
            project = _id()
            made = ProjectCreated(
                originator_id=project,
                originator_version=1,
                title="Lag",
                owner="ada",
                aspect="16:9",
                theme_id=None,
            )
            last = await self._append(project, made)
            for _ in range(BLOCKS):
                block = _id()
                added = BlockAdded(
                    originator_id=block,
                    originator_version=1,
                    project_id=str(project),
                    parent_id=None,
                    type="text",
                    rank="a0",
                    content={"text": ""},
                )
                last = await self._append(project, added)
                self._blocks.append((block, project, 1))
        await self._reached(last)

    async def run(self, rate: float, seconds: float) -> dict[str, float]:
        """Edit at a rate; return the lags."""
        self._acknowledged.clear()
        loop = asyncio.get_running_loop()
        begun, count, n = loop.time(), int(rate * seconds), 0
        async with asyncio.TaskGroup() as tasks:
            while n < count:
                due = min(count, int((loop.time() - begun) * rate) + 1)
                for k in range(n, due):
                    tasks.create_task(self._edit(k % len(self._blocks)))
                n = due
                await asyncio.sleep(TICK)
        took = loop.time() - begun
        await self._reached(max(self._acknowledged))
        lags = sorted(map(self._lag, self._acknowledged))
        return {
            "rate": count / took,
            "p50_ms": 1000 * lags[len(lags) // 2],
            "p99_ms": 1000 * lags[len(lags) * 99 // 100],
            "most_ms": 1000 * lags[-1],
        }

    def _lag(self, position: int) -> float:
        partition, acknowledged = self._acknowledged[position]
        told = self._told[partition]
        _, at = told[bisect_left(told, (position, 0.0))]
        return max(0.0, at - acknowledged)

    async def _reached(self, position: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while not all(
                self._told[k] and self._told[k][-1][0] >= position for k in range(self._partitions)
            ):
                self._moved.clear()
                await self._moved.wait()

    async def _edit(self, n: int) -> None:
        block, project, version = self._blocks[n]
        self._blocks[n] = block, project, version + 1
        position = await self._append(project, edit(block, version + 1, self._text))
        self._acknowledged[position] = partition_of(project, self._partitions), time.monotonic()

    async def _append(self, project: UUID, event: Event) -> int:
        command_id = _id()
        outcome = await self._log.append(
            Append(
                caller="ada",
                command_id=command_id,
                request_hash=bytes(32),
                status=200,
                body=ANSWER,
                metadata={"actor": {"id": "ada", "kind": "person"}, "correlation_id": str(command_id)},
                writes=(StreamWrite(event.originator_id, project, event.originator_version - 1),),
                events=(EventWrite(0, event, command_id),),
            )
        )
        if not isinstance(outcome, Appended):
            raise ConnectionError(f"an append was answered by {outcome}")
        return outcome.base + 1


async def _run(settings: Settings, rate: float, seconds: float) -> None:
    appender = Appender(settings, structural_topics())
    await appender.start()
    lagging = _Lagging(settings, PostgresEventLog(pool(settings, "bench"), appender))
    listening = asyncio.create_task(listen(settings, checkpoints.CHANNEL, lagging.heard))
    settle_memory()
    await lagging.begin()
    # What is slow once is slow before anything is measured.
    await lagging.run(rate, 0.5)
    say(await lagging.run(rate, seconds))
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await appender.stop()


def main() -> None:
    config = json.loads(sys.argv[1])
    uvloop.run(_run(Settings(**config["settings"]), config["rate"], config["seconds"]))


if __name__ == "__main__":
    main()
