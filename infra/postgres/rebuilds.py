"""Read tables beside the live ones: built in a schema of their own, compared, and swapped in one transaction.

The SQL of a read model names its tables without a schema, so that the same code fills the shadow tables of a
connection whose search path begins with their schema.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import errors
from psycopg.sql import SQL, Composed, Identifier

from infra.postgres.comparing import Comparison, compared
from infra.postgres.connections import Connection, connect
from infra.postgres.leases import SPACE
from infra.postgres.read_database import PostgresSession
from infra.postgres.shards import Errand, ranges
from infra.settings import Settings
from projections import checkpoints
from projections.folding import concerned, fold
from projections.model import ReadModel
from projections.partitions import partition_of
from projections.ports import LogReader

SHADOW: Final = "decklog_shadow"
RETIRED: Final = "decklog_retired"
LIVE: Final = "public"
# "rebu" in ASCII: the second key of the advisory lock that whoever rebuilds holds.
LOCK: Final = 0x72656275 - 2**31
CHUNK: Final = 2_000
# Events that a swap may still have to fold while the live projectors wait for it.
NEAR: Final = 500
# Seconds that live models which are behind the shadow are waited for: in all, while none of them comes any nearer
# (nobody projects then), and between two looks at them.
MEET: Final = 10.0
STILL: Final = 2.0
MEET_EVERY: Final = 0.1
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
                    await self._create(table)
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
        for model in models:
            for table in model.tables:
                for (definition,) in await self._rows(
                    "select pg_get_indexdef(indexrelid) from pg_index"
                    " where indrelid = %s::regclass and not indisunique",
                    [f"{LIVE}.{table}"],
                ):
                    made = definition.replace(f" ON {LIVE}.", f" ON {SHADOW}.", 1)
                    made = made.replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1)
                    await self._connection.execute(made.encode())
                await self._connection.execute(SQL("analyze {}").format(Identifier(SHADOW, table)))

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
        """Compare with the live tables as of one moment; nothing waits for it.

        In a snapshot the checkpoints of the live models say up to where they are, partition by partition. The
        shadow tables are brought there too, and when all is compared, back. Live models that are behind the
        shadow are waited for; one that does not come is compared as it is, and the reasons say so.
        """
        found = Comparison()
        await self._meet(models, log)
        await self._connection.execute("begin isolation level repeatable read")
        try:
            position = await self._position()
            for model in models:
                reached = await self._reached(model)
                as_of = f"both as of position {max(reached.values())}"
                if await self._lacks(reached, position, log):
                    as_of = f"the live one as of {min(reached.values())}, the rebuilt one as of {position}"
                await self._fold_to(model, position, reached, log)
                for table in model.tables:
                    live, shadow = Identifier(LIVE, table), Identifier(SHADOW, table)
                    found.add(await compared(self._connection, model.name, table, (live, shadow), as_of))
        finally:
            await self._connection.execute("rollback")
        return found

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
                await self._connection.execute(_moved(LIVE, table, RETIRED))
                await self._connection.execute(_moved(SHADOW, table, LIVE))
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

    async def _create(self, table: str) -> None:
        """Create a table like the live one, with what its rows are found by; other indexes come later."""
        await self._connection.execute(
            SQL("create table {} (like {} including defaults including generated including storage)").format(
                Identifier(SHADOW, table), Identifier(LIVE, table)
            )
        )
        for name, definition in await self._rows(
            "select conname, pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = %s::regclass and contype in ('p', 'u', 'c')",
            [f"{LIVE}.{table}"],
        ):
            await self._connection.execute(
                SQL("alter table {} add constraint {} ").format(Identifier(SHADOW, table), Identifier(name))
                + SQL(definition)
            )
        for (definition,) in await self._rows(
            "select pg_get_indexdef(i.indexrelid) from pg_index i"
            " left join pg_constraint c on c.conindid = i.indexrelid"
            " where i.indrelid = %s::regclass and i.indisunique and c.oid is null",
            [f"{LIVE}.{table}"],
        ):
            await self._connection.execute(definition.replace(f" ON {LIVE}.", f" ON {SHADOW}.", 1).encode())

    async def _reached(self, model: ReadModel) -> dict[int, int]:
        """Return how far a live model is in each partition."""
        known = await self._rows(
            "select partition, position from projection_checkpoints where model = %s and partition < %s",
            [model.name, self._partitions],
        )
        return {**dict.fromkeys(range(self._partitions), 0), **dict(known)}

    async def _meet(self, models: Sequence[ReadModel], log: LogReader) -> None:
        """Wait until the live models have what the shadow has, for a while, and while they come nearer."""
        position = await self._position()
        deadline = time.monotonic() + MEET
        still_until, before = 0.0, -1
        for model in models:
            while await self._lacks(reached := await self._reached(model), position, log):
                now, come = time.monotonic(), sum(reached.values())
                if come != before:
                    still_until, before = now + STILL, come
                if now >= min(deadline, still_until):
                    break
                await asyncio.sleep(MEET_EVERY)

    async def _lacks(self, reached: dict[int, int], position: int, log: LogReader) -> bool:
        """Tell whether there are events up to a position that some partition has not reached."""
        least = min(reached.values())
        if least >= position:
            return False
        events = await log.after(least, CHUNK, to=position)
        if len(events) == CHUNK:
            return True
        return any(e.position > reached[partition_of(e.project_id, self._partitions)] for e in events)

    async def _fold_to(
        self, model: ReadModel, position: int, reached: dict[int, int], log: LogReader
    ) -> None:
        furthest = max(reached.values())
        while position < furthest:
            events = await log.after(position, CHUNK, to=furthest)
            position = events[-1].position
            due = [e for e in events if e.position <= reached[partition_of(e.project_id, self._partitions)]]
            for _, mine in concerned([model], due):
                await fold(model, self._session, mine, log)

    async def _position(self) -> int:
        [(position,)] = await self._rows("select position from projection_rebuild")
        return int(position)

    async def _open_shards(self) -> tuple[int, ...]:
        rows = await self._rows("select shard from projection_rebuild_shards where not done order by shard")
        return tuple(shard for (shard,) in rows)

    async def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = await self._connection.execute(statement.encode(), values)
        return await cursor.fetchall()


def _moved(source: str, table: str, target: str) -> Composed:
    return SQL("alter table {} set schema {}").format(Identifier(source, table), Identifier(target))
