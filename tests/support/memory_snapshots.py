"""Snapshots in memory: what the commands' port promises, and nothing more."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson

from commands.ports import Snapshot
from tests.support.memory_log import InMemoryEventLog


@dataclass
class InMemorySnapshots:
    """Implements `commands.ports.Snapshots` beside a log in memory; what is offered is there at once."""

    log: InMemoryEventLog
    offered: list[Snapshot] = field(default_factory=list)
    asked: list[UUID] = field(default_factory=list)
    kept: dict[tuple[UUID, int], Snapshot] = field(default_factory=dict)

    def offer(self, snapshot: Snapshot) -> None:
        self.offered.append(snapshot)
        if not self._fits(snapshot):
            return
        state: dict[str, Any] = orjson.loads(orjson.dumps(snapshot.state))
        self.kept[snapshot.stream_id, snapshot.version] = replace(snapshot, state=state)
        for stream, version in list(self.kept):
            if stream == snapshot.stream_id and version < snapshot.version:
                del self.kept[stream, version]

    async def latest(self, stream_id: UUID) -> Sequence[Snapshot]:
        await asyncio.sleep(0)
        self.asked.append(stream_id)
        found = [s for s in self.kept.values() if s.stream_id == stream_id and self._fits(s)]
        return sorted(found, key=lambda s: -s.version)

    async def settle(self) -> None:
        await asyncio.sleep(0)

    def _fits(self, snapshot: Snapshot) -> bool:
        return any(
            (r.event.originator_id, r.event.originator_version, r.position)
            == (snapshot.stream_id, snapshot.version, snapshot.position)
            for r in self.log.events
        )
