"""Quotas of what costs money, counted in the database: nothing that happens to Redis gives them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from infra.postgres.connections import Connection, borrowed


@dataclass(frozen=True, slots=True)
class Quota:
    """Whose quota, and how much it is."""

    subject: str
    limit: int


@dataclass(frozen=True, slots=True)
class Taken:
    """How it went; times are in seconds.

    `refused` is the number of the quota that is used up; None: taken, `fresh` if it was not before.
    """

    refused: int | None
    fresh: bool
    wait: float
    remaining: int
    more_in: float
    all_in: float


class Quotas:
    """Takes of quotas, exactly, however many processes ask."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    async def take(self, quotas: Sequence[Quota], kind: str, window_s: int, cost: int, charge: UUID) -> Taken:
        """Take `cost` of all of these or of none; what was taken for a charge before is not taken again.

        A cost of 0 asks how the first stands.

        Raises:
            Unavailable: the database is away.
            psycopg.Error: it went away meanwhile.
        """
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select * from take_quota(%s, %s, %s, make_interval(secs => %s), %s, %s)",
                [[q.subject for q in quotas], [q.limit for q in quotas], kind, window_s, cost, charge],
            )
            row = await cursor.fetchone()
        if row is None:
            raise AssertionError("a function that returns a row returned none")
        refused, fresh, wait, remaining, more_in, all_in = row
        return Taken(refused - 1 if refused else None, fresh, float(wait), remaining, more_in, all_in)

    async def give_back(self, kind: str, charge: UUID) -> None:
        """Undo a charge: what it was for was refused."""
        async with borrowed(self._pool) as connection:
            await connection.execute("delete from quota_uses where kind = %s and charge = %s", [kind, charge])

    async def reset(self, subject: str) -> int:
        """Forget all that a subject has used, and return how many charges that were."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute("delete from quota_uses where subject = %s", [subject])
            return cursor.rowcount
