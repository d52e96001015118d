"""The auditor: at any moment, every read model is the fold of the log up to where it says it is.

Rows and checkpoint commit together, so that one snapshot holds both. The auditor keeps tables of its own, folds
into them each event once and in order, up to the checkpoints that a snapshot shows, and compares: what was skipped
is lacking in the live rows, what was folded twice is too much in them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from psycopg.sql import SQL, Identifier

from infra.bootstrap import WorkerSide
from infra.postgres.comparing import compared
from infra.postgres.connections import Connection, connect
from infra.postgres.read_database import PostgresSession
from infra.settings import Settings
from projections.folding import concerned, fold
from projections.model import ReadModel
from projections.partitions import partition_of
from tests.faults.findings import Findings

CHUNK = 2_000


@dataclass
class Auditor:
    """Follows all read models in all partitions."""

    side: WorkerSide
    connection: Connection
    partitions: int
    findings: Findings
    # How far each model is folded here, by partition.
    reached: dict[tuple[str, int], int] = field(default_factory=dict)
    looks: int = 0
    rows: int = 0

    async def look(self) -> int:
        """Take a snapshot and compare; return the least checkpoint of all."""
        await self.connection.execute("begin isolation level repeatable read")
        try:
            # Before the snapshot: a rebuild may put other tables in their place, which an older one does not show.
            await self.connection.execute(
                SQL("lock table {} in access share mode").format(
                    SQL(", ").join(Identifier("public", t) for m in self.side.models for t in m.tables)
                )
            )
            cursor = await self.connection.execute(
                "select model, partition, position from projection_checkpoints where partition < %s",
                [self.partitions],
            )
            now = {(model, k): position for model, k, position in await cursor.fetchall()}
            self._check_order(now)
            self.rows = 0
            for model in self.side.models:
                await self._fold(model, now)
                await self._compare(model, now)
        finally:
            await self.connection.execute("commit")
        self.looks += 1
        known = len(self.side.models) * self.partitions
        return min(now.values()) if len(now) == known else 0

    def _check_order(self, now: dict[tuple[str, int], int]) -> None:
        for key, before in self.reached.items():
            if now.get(key, 0) < before:
                self.findings.add(
                    "backwards", f"{key[0]}, partition {key[1]}: from {before} to {now.get(key, 0)}"
                )

    async def _fold(self, model: ReadModel, now: dict[tuple[str, int], int]) -> None:
        session = PostgresSession(self.connection)
        goals = {k: now.get((model.name, k), 0) for k in range(self.partitions)}
        begun = {k: self.reached.get((model.name, k), 0) for k in goals}
        position, end = min(begun.values()), max(goals.values())
        while position < end:
            events = await self.side.log.after(position, CHUNK, to=end)
            position = events[-1].position if len(events) == CHUNK else end
            due = [e for e in events if self._is_due(e.position, e.project_id, begun, goals)]
            for _, mine in concerned([model], due):
                await fold(model, session, mine, self.side.log)
        self.reached |= {(model.name, k): goal for k, goal in goals.items()}

    def _is_due(self, position: int, project: object, begun: dict[int, int], goals: dict[int, int]) -> bool:
        k = partition_of(project, self.partitions)  # type: ignore[arg-type]  # an id
        return begun[k] < position <= goals[k]

    async def _compare(self, model: ReadModel, now: dict[tuple[str, int], int]) -> None:
        as_of = f"both as of position {max(now.values(), default=0)}"
        for table in model.tables:
            sides = (Identifier("public", table), Identifier("pg_temp", table))
            found = await compared(self.connection, model.name, table, sides, as_of)
            self.rows += found.rows
            for difference in found.shown:
                self.findings.add(
                    "row",
                    f"{table} {difference.key}: {difference.why}; {difference.columns}, look {self.looks}",
                )


@asynccontextmanager
async def auditing(settings: Settings, side: WorkerSide, findings: Findings) -> AsyncIterator[Auditor]:
    """Have an auditor with tables of its own, which are found before the live ones of the same names."""
    tables: Sequence[str] = [table for model in side.models for table in model.tables]
    async with await connect(settings, search_path="pg_temp,public", statement_timeout="0") as connection:
        for table in tables:
            await connection.execute(
                SQL("create temporary table {} (like {} including all)").format(
                    Identifier(table), Identifier("public", table)
                )
            )
        yield Auditor(side, connection, settings.stream_partitions, findings)
