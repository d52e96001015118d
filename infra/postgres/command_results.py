"""What commands were answered: how long it is kept.

There is no index by time, for it would cost every append. The table is read through in steps of a few
blocks instead (`tid` ranges), so many a minute and no more; rows stand about in the order of time, but
freed room is used again, so all of it is looked at.
"""

from datetime import timedelta

from psycopg_pool import AsyncConnectionPool

from infra.postgres.connections import Connection, borrowed

# Of 8 KiB each: some thousand rows, and some hundred thousand rows.
BLOCKS_A_STEP = 128
STEPS_A_SWEEP = 128

_DELETE = """
delete from command_results
where ctid >= format('(%%s,0)', %(low)s::bigint)::tid and ctid < format('(%%s,0)', %(high)s::bigint)::tid
    and recorded_at < clock_timestamp() - %(age)s::interval
"""


class CommandResults:
    """Deletes answers that are older than a repeat may be."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Connection],
        *,
        blocks_a_step: int = BLOCKS_A_STEP,
        steps_a_sweep: int = STEPS_A_SWEEP,
    ) -> None:
        self._pool = pool
        self._blocks_a_step = blocks_a_step
        self._steps_a_sweep = steps_a_sweep
        self._next = 0

    async def sweep(self, older_than: timedelta) -> int:
        """Look at the next part of the table, and return how many answers were deleted in it."""
        deleted = 0
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select pg_relation_size('command_results') / current_setting('block_size')::bigint"
            )
            ((blocks,),) = await cursor.fetchall()
            if self._next >= blocks:
                self._next = 0
            for _ in range(self._steps_a_sweep):
                if self._next >= blocks:
                    break
                low, self._next = self._next, self._next + self._blocks_a_step
                done = await connection.execute(_DELETE, {"low": low, "high": self._next, "age": older_than})
                deleted += done.rowcount
        return deleted
