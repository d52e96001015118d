"""Revoked tokens, in the database: nothing that happens to Redis lets one in again."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from psycopg_pool import AsyncConnectionPool

from infra.http.revocations import Revocation, Revocations
from infra.postgres.connections import Connection, borrowed
from infra.postgres.watching import GATE

# Far longer than a look may be late: it covers what committed out of order. After a longer silence all is read.
LOOK_BACK: Final = 30.0
_SILENCE: Final = 20.0
_TIDY_EVERY: Final = 600.0
# How long tokens may live that say nothing of it here.
FOR_GOOD: Final = datetime(9999, 1, 1, tzinfo=UTC)

_COLUMNS = "jti, user_id, coalesce(extract(epoch from issued_before), 0)::float8, extract(epoch from expires_at)::float8"


class TokenRevocations:
    """Revokes, and reads what was revoked."""

    def __init__(
        self, pool: AsyncConnectionPool[Connection], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._looked = float("-inf")
        self._tidied = clock()

    async def look(self, known: Revocations, held: Connection | None = None) -> None:
        """Let a process know what was revoked since it last looked."""
        began = self._clock()
        lately = began - self._looked < _SILENCE
        async with borrowed(self._pool, held) as connection:
            cursor = await connection.execute(
                f"select {_COLUMNS} from token_revocations where expires_at > clock_timestamp()"  # noqa: S608 - a constant
                " and (%s or revoked_at > clock_timestamp() - make_interval(secs => %s))",
                [not lately, LOOK_BACK],
            )
            found = [Revocation(*row) for row in await cursor.fetchall()]
        known.add(found)
        self._looked = began
        if began - self._tidied > _TIDY_EVERY:
            self._tidied = began
            known.forget_ended(time.time())
            async with borrowed(self._pool, held) as connection:
                await connection.execute("delete from token_revocations where expires_at < clock_timestamp()")

    async def revoke_token(self, jti: str, reason: str, expires: datetime = FOR_GOOD) -> None:
        """Refuse one token from now on, in every process within a second."""
        async with borrowed(self._pool) as connection:
            await connection.execute(
                "insert into token_revocations (jti, reason, expires_at) values (%s, %s, %s)"
                " on conflict (jti) where jti is not null do update set reason = excluded.reason,"
                " revoked_at = clock_timestamp(), expires_at = greatest(token_revocations.expires_at, excluded.expires_at)",
                [jti, reason, expires],
            )
            await _tell(connection)

    async def revoke_user(self, user: str, reason: str, issued_before: datetime | None = None) -> datetime:
        """Refuse all tokens of a user that were issued before a moment (now); return it."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "insert into token_revocations as r (user_id, issued_before, reason, expires_at)"
                " values (%s, coalesce(%s, clock_timestamp()), %s, %s)"
                " on conflict (user_id) where user_id is not null do update set reason = excluded.reason,"
                " revoked_at = clock_timestamp(), issued_before = greatest(r.issued_before, excluded.issued_before)"
                " returning issued_before",
                [user, issued_before, reason, FOR_GOOD],
            )
            row = await cursor.fetchone()
            await _tell(connection)
        if row is None:
            raise AssertionError("an upsert returned nothing")
        moment: datetime = row[0]
        return moment

    async def listed(
        self, limit: int
    ) -> Sequence[tuple[str | None, str | None, datetime | None, str, datetime]]:
        """Return the latest revocations: jti, user, issued before, reason, when."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select jti, user_id, issued_before, reason, revoked_at from token_revocations"
                " order by revoked_at desc limit %s",
                [limit],
            )
            return [(j, u, i, r, at) for j, u, i, r, at in await cursor.fetchall()]


async def _tell(connection: Connection) -> None:
    await connection.execute("select pg_notify(%s, 'revocations')", [GATE])
