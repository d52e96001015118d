"""Read tables beside the live ones: built in a schema of their own, compared, and swapped in one transaction.

The SQL of a read model names its tables without a schema, so that the same code fills the shadow tables of a
connection whose search path begins with their schema.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import errors
from psycopg.sql import SQL, Identifier

from infra.postgres.comparing import Comparison
from infra.postgres.connections import Connection, connect
from infra.postgres.leases import SPACE
from infra.postgres.meeting import Meeting
from infra.postgres.read_database import PostgresSession
from infra.postgres.shadow import LIVE, RETIRED, SHADOW, create_shadow, index_shadow, moved
from infra.postgres.shards import Errand, ranges
from infra.settings import Settings
from projections import checkpoints
from projections.folding import concerned, fold
from projections.model import ReadModel
from projections.ports import LogReader

# "rebu" in ASCII: the second key of the advisory lock that whoever rebuilds holds.
LOCK: Final = 0x72656275 - 2**31
CHUNK: Final = 2_000
# Events that a swap may still have to fold while the live projectors wait for it.
NEAR: Final = 500
# Milliseconds that the swap waits for readers of the live tables before it lets go and tries again.
PATIENCE: Final = 500


class Busy(Exception):
    """Somebody else rebuilds at this moment."""


class Nothing(Exception):
    """There is nothing of the kind that was asked for."""


@dataclass(frozen=True, slots=True)
class Run:
    """A rebuild under way: its models, what its shards are folded for, and those that are not done."""

    models: tuple[str, ...]
    errand: Errand
    shards: tuple[int, ...]
    resumed: bool


@asynccontextmanager
async def rebuilding(settings: Settings) -> AsyncIterator["Rebuilds"]:
    """Be the only one who rebuilds.

    Raises:
        Busy: somebody else does.
    """
    async with await connect(
        settings, direct=True, search_path=f"{SHADOW},{LIVE}", statement_timeout="0"
    ) as connection:
        cursor = await connection.execute("select pg_try_advisory_lock(%s, %s)", [SPACE, LOCK])
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise Busy("read models are being rebuilt by somebody else at this moment")
        yield Rebuilds(connection, settings.stream_partitions)


class Rebuilds:
    """One rebuild after the other; the connection holds the lock."""

    def __init__(self, connection: Connection, partitions: int) -> None:
        self._connection = connection
        self._session = PostgresSession(connection)
        self._partitions = partitions

    async def begin(self, models: Sequence[ReadModel], shards: int) -> Run:
        """Go on with a rebuild of these models that was interrupted, or start one."""
        names, versions = [m.name for m in models], [m.version for m in models]
        known = await self._rows(
            "select r.started_at, r.head from projection_rebuild r, log_head h"
            " where r.models = %s and r.versions = %s::int[] and r.epoch = h.epoch",
            [names, versions],
        )
        if known:
            return Run(tuple(names), Errand(*known[0]), await self._open_shards(), resumed=True)
        await self.discard()
        async with self._connection.transaction():
            await self._connection.execute(SQL("create schema {}").format(Identifier(SHADOW)))
            for model in models:
                for table in model.tables:
                    await create_shadow(self._connection, table)
            await self._connection.execute(
                "insert into projection_rebuild (models, versions, epoch, head, position)"
                " select %s, %s::int[], epoch, position, position from log_head",
                [names, versions],
            )
            for r in ranges(shards):
                await self._connection.execute(
                    "insert into projection_rebuild_shards (shard, after_project, after_position, until_project)"
                    " values (%s, %s, %s, %s)",
                    [r.shard, r.after_project, r.after_position, r.until_project],
                )
        [errand] = await self._rows("select started_at, head from projection_rebuild")
        return Run(tuple(names), Errand(*errand), await self._open_shards(), resumed=False)

    async def discard(self) -> None:
        """Forget a rebuild that is not finished, and its tables."""
        async with self._connection.transaction():
            await self._connection.execute(SQL("drop schema if exists {} cascade").format(Identifier(SHADOW)))
            await self._connection.execute("delete from projection_rebuild")
            await self._connection.execute("delete from projection_rebuild_shards")

    async def folded(self) -> int:
        """Return how many events the shards have folded so far."""
        [(events,)] = await self._rows(
            "select coalesce(sum(events), 0)::bigint from projection_rebuild_shards"
        )
        return int(events)

    async def index(self, models: Sequence[ReadModel]) -> None:
        """Make the indexes that only readers need, now that the tables are full."""
        await index_shadow(self._connection, models)

    async def catch_up(self, models: Sequence[ReadModel], log: LogReader) -> None:
        """Fold what came since, until little is missing."""
        while True:
            position, head = await self._position(), (await log.head())[0]
            if head - position <= NEAR:
                return
            events = await log.after(position, CHUNK, to=head)
            async with self._connection.transaction():
                for model, due in concerned(models, events):
                    await fold(model, self._session, due, log)
                await self._connection.execute(
                    "update projection_rebuild set position = %s", [events[-1].position]
                )

    async def differences(self, models: Sequence[ReadModel], log: LogReader) -> Comparison:
        """Compare with the live tables as of one moment; nothing waits for it."""
        position = await self._position()
        return await Meeting(self._connection, models, log, position, self._partitions).differences()

    async def swap(self, models: Sequence[ReadModel], log: LogReader) -> int:
        """Put the shadow tables in the place of the live ones, and return the position that they are at.

        The live projectors wait at the checkpoints that the transaction holds; readers wait for as long as it
        takes to rename some tables.
        """
        while True:
            await self.catch_up(models, log)
            try:
                async with self._connection.transaction():
                    return await self._swap(models, log)
            except errors.LockNotAvailable:
                continue

    async def confirm(self) -> list[str]:
        """Drop what was replaced, and return the models that it was of."""
        async with self._connection.transaction():
            names = [n for (n,) in await self._rows("select model from projection_retired order by model")]
            await self._connection.execute(
                SQL("drop schema if exists {} cascade").format(Identifier(RETIRED))
            )
            await self._connection.execute("delete from projection_retired")
        return names

    async def bring_back(self, known: Sequence[ReadModel]) -> list[ReadModel]:
        """Make what was replaced the shadow, to be caught up and swapped in again.

        Raises:
            Nothing: nothing is kept of this log.
        """
        rows = await self._rows(
            "select r.model, r.position, r.version from projection_retired r join log_head h on h.epoch = r.epoch"
        )
        kept = {model: position for model, position, _ in rows}
        models = [m for m in known if m.name in kept]
        if not models:
            raise Nothing("no replaced read models are kept")
        other = {model: version for model, _, version in rows}
        if strangers := [m.name for m in models if other[m.name] != m.version]:
            raise Nothing(
                f"what is kept of {', '.join(strangers)} is of another version, which the release that made it can"
                " bring back"
            )
        await self.discard()
        async with self._connection.transaction():
            await self._connection.execute(
                SQL("alter schema {} rename to {}").format(Identifier(RETIRED), Identifier(SHADOW))
            )
            await self._connection.execute(
                "insert into projection_rebuild (models, versions, epoch, head, position)"
                " select %s, %s::int[], epoch, %s, %s from log_head",
                [[m.name for m in models], [m.version for m in models], *[min(kept.values())] * 2],
            )
            await self._connection.execute("delete from projection_retired")
        return models

    async def _swap(self, models: Sequence[ReadModel], log: LogReader) -> int:
        # In the order of names, as everybody does who locks several.
        for model in sorted(models, key=lambda m: m.name):
            for partition in range(self._partitions):
                await checkpoints.lock(self._session, model.name, partition, model.version)
        position, (head, epoch) = await self._position(), await log.head()
        while position < head:
            events = await log.after(position, CHUNK, to=head)
            for model, due in concerned(models, events):
                await fold(model, self._session, due, log)
            position = events[-1].position
        await self._connection.execute("select set_config('lock_timeout', %s, true)", [str(PATIENCE)])
        await self._connection.execute(SQL("drop schema if exists {} cascade").format(Identifier(RETIRED)))
        await self._connection.execute(SQL("create schema {}").format(Identifier(RETIRED)))
        await self._connection.execute("delete from projection_retired")
        for model in models:
            for table in model.tables:
                await self._connection.execute(moved(LIVE, table, RETIRED))
                await self._connection.execute(moved(SHADOW, table, LIVE))
            await self._retire(model, head, epoch)
            for partition in range(self._partitions):
                await checkpoints.advance(self._session, model.name, partition, head, model.version)
        await self._connection.execute(SQL("drop schema {} cascade").format(Identifier(SHADOW)))
        await self._connection.execute("delete from projection_rebuild")
        await self._connection.execute("delete from projection_rebuild_shards")
        await self._connection.execute("select pg_notify(%s, %s)", [checkpoints.REBUILT, str(head)])
        return head

    async def _retire(self, model: ReadModel, head: int, epoch: UUID) -> None:
        await self._connection.execute(
            "insert into projection_retired (model, version, position, epoch)"
            " select %s, coalesce((select version from projection_versions where model = %s), %s), %s, %s",
            [model.name, model.name, model.version, head, epoch],
        )
        await self._connection.execute(
            "insert into projection_versions (model, version, position) values (%s, %s, %s)"
            " on conflict (model) do update set version = excluded.version,"
            " position = excluded.position, swapped_at = clock_timestamp()",
            [model.name, model.version, head],
        )

    async def _position(self) -> int:
        [(position,)] = await self._rows("select position from projection_rebuild")
        return int(position)

    async def _open_shards(self) -> tuple[int, ...]:
        rows = await self._rows("select shard from projection_rebuild_shards where not done order by shard")
        return tuple(shard for (shard,) in rows)

    async def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = await self._connection.execute(statement.encode(), values)
        return await cursor.fetchall()
