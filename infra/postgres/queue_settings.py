"""What operators have decided about queues: it outlives Redis and every process."""

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg_pool import AsyncConnectionPool

from infra.postgres.connections import Connection, borrowed


@dataclass(frozen=True, slots=True)
class QueueSetting:
    """A queue is paused or not, and has a concurrency of its own or (None) that of the settings."""

    paused: bool = False
    concurrency: int | None = None


class QueueSettings:
    """Reads and changes the decisions."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    async def all(self) -> Mapping[str, QueueSetting]:
        """Return the decisions by queue; a queue that is not there is as the settings say."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute("select queue, paused, concurrency from queue_settings")
            return {queue: QueueSetting(paused, n) for queue, paused, n in await cursor.fetchall()}

    async def pause(self, queue: str, *, paused: bool) -> None:
        """Let a queue begin nothing any more, or again; what runs goes on."""
        await self._set(
            "insert into queue_settings (queue, paused) values (%s, %s) on conflict (queue)"
            " do update set paused = excluded.paused, updated_at = clock_timestamp()",
            queue,
            paused,
        )

    async def set_concurrency(self, queue: str, concurrency: int | None) -> None:
        """Let so many jobs of a queue run at once; None: as many as the settings say."""
        await self._set(
            "insert into queue_settings (queue, concurrency) values (%s, %s) on conflict (queue)"
            " do update set concurrency = excluded.concurrency, updated_at = clock_timestamp()",
            queue,
            concurrency,
        )

    async def _set(self, statement: str, *values: object) -> None:
        async with borrowed(self._pool) as connection:
            await connection.execute(statement.encode(), values)
