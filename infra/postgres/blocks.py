"""Who is shut out, and until when: decided by operators, or by a limiter that was ignored for too long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg_pool import AsyncConnectionPool

from infra.postgres.connections import Connection, borrowed
from infra.postgres.watching import GATE

# The most blocks that a process keeps in mind; of more, those that last longest.
MOST: Final = 100_000
# An offence is forgotten when its block ended so long ago.
FORGIVEN: Final = timedelta(days=1)
USER, ADDRESS = "user:", "address:"


@dataclass(frozen=True, slots=True)
class Block:
    """One subject (`user:ada`, `address:203.0.113.9`) that is shut out."""

    subject: str
    until: datetime
    automatic: bool
    offences: int
    reason: str
    # Seconds from the moment it was read.
    left: float


_COLUMNS = (
    "subject, blocked_until, automatic, offences, reason,"
    " extract(epoch from blocked_until - clock_timestamp())::float8"
)


class Blocks:
    """The list of blocks."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    async def standing(self, held: Connection | None = None) -> Mapping[str, Block]:
        """Return the blocks that are not over."""
        async with borrowed(self._pool, held) as connection:
            cursor = await connection.execute(
                f"select {_COLUMNS} from rate_limit_blocks where blocked_until > clock_timestamp()"  # noqa: S608 - a constant
                " order by blocked_until desc limit %s",
                [MOST],
            )
            return {row[0]: Block(*row) for row in await cursor.fetchall()}

    async def offend(self, subject: str, base: timedelta, most: timedelta) -> Block | None:
        """Shut a subject out, twice as long as the last time; None if it is shut out already."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "insert into rate_limit_blocks as b (subject, blocked_until, automatic, offences, reason)"  # noqa: S608 - a constant
                " values (%(subject)s, clock_timestamp() + least(%(base)s, %(most)s), true, 1, %(reason)s)"
                " on conflict (subject) do update set automatic = true, reason = excluded.reason,"
                " offences = case when b.blocked_until < clock_timestamp() - %(forgiven)s then 1"
                " else b.offences + 1 end,"
                " blocked_until = clock_timestamp() + case when b.blocked_until < clock_timestamp() - %(forgiven)s"
                " then least(%(base)s, %(most)s)"
                " else least(%(base)s * power(2, least(b.offences, 20)), %(most)s) end,"
                " blocked_at = clock_timestamp()"
                f" where b.blocked_until <= clock_timestamp() returning {_COLUMNS}",
                {
                    "subject": subject,
                    "base": base,
                    "most": most,
                    "forgiven": FORGIVEN,
                    "reason": "asked on and on after refusals",
                },
            )
            row = await cursor.fetchone()
            if row is not None:
                await _tell(connection)
        return Block(*row) if row else None

    async def block(self, subject: str, span: timedelta, reason: str) -> Block:
        """Shut a subject out for a time; another block of it is replaced."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "insert into rate_limit_blocks (subject, blocked_until, automatic, offences, reason)"  # noqa: S608 - a constant
                " values (%s, clock_timestamp() + %s, false, 0, %s) on conflict (subject) do update set"
                " automatic = false, reason = excluded.reason, blocked_until = excluded.blocked_until,"
                f" blocked_at = clock_timestamp() returning {_COLUMNS}",
                [subject, span, reason],
            )
            row = await cursor.fetchone()
            await _tell(connection)
        if row is None:
            raise AssertionError("an upsert returned nothing")
        return Block(*row)

    async def unblock(self, subject: str) -> bool:
        """Let a subject in again, its offences forgotten; tell whether it was shut out."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "delete from rate_limit_blocks where subject = %s"
                " returning blocked_until > clock_timestamp()",
                [subject],
            )
            row = await cursor.fetchone()
            await _tell(connection, f"forget {subject}")
        return bool(row and row[0])

    async def forget(self, subject: str) -> None:
        """Have every process forget what it refused a subject of late."""
        async with borrowed(self._pool) as connection:
            await _tell(connection, f"forget {subject}")


async def _tell(connection: Connection, what: str = "blocks") -> None:
    await connection.execute("select pg_notify(%s, %s)", [GATE, what])
