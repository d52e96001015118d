"""What stands at the gate of an API: who it is, whether they may yet, and where they come from."""

import time
from dataclasses import dataclass

from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis
from starlette.types import Scope

from infra.http.addresses import AddressOf, address_of
from infra.http.auth import Authenticator, Principal, Trust
from infra.http.issuers import JwksKeys
from infra.http.revocations import Revocations
from infra.limits.answers import Asker
from infra.limits.limiter import Limiter
from infra.limits.rules import Tier
from infra.limits.telling import LimitReport
from infra.postgres.blocks import Blocks
from infra.postgres.connections import Connection, borrowed
from infra.postgres.epochs import current_epoch
from infra.postgres.quotas import Quotas
from infra.postgres.token_revocations import TokenRevocations
from infra.postgres.watching import GATE, Watch
from infra.redis.client import redis_client
from infra.redis.windows import Windows
from infra.settings import Settings

# Seconds that a request may wait for the limiter's Redis: then it is let through, or refused if it costs money.
PATIENCE = 0.25


@dataclass(frozen=True, slots=True)
class Gate:
    """Authentication and limits of one process."""

    authenticator: Authenticator
    limiter: Limiter
    report: LimitReport
    redis: Redis
    _address: AddressOf
    _keys: JwksKeys | None
    _watch: Watch

    async def start(self) -> None:
        """Learn who is blocked and what was revoked, and go on learning it. The pool has to be open."""
        await self._watch.start()
        if self._keys is not None:
            await self._keys.start()
        await self.report.start()

    async def stop(self) -> None:
        """Stop, and close connections to Redis."""
        await self.report.stop()
        if self._keys is not None:
            await self._keys.stop()
        await self._watch.stop()
        await self.limiter.close()
        await self.redis.aclose()

    def address(self, scope: Scope) -> str:
        """Return where a request comes from, past proxies that are trusted."""
        return self._address(scope)

    def asker(self, principal: Principal, scope: Scope) -> Asker:
        """Return who asks, as limits see it."""
        return Asker(principal.user, Tier.of(principal.tier), self._address(scope))


def trust_of(settings: Settings) -> Trust:
    """Return whose tokens these settings believe."""
    return Trust(
        settings.jwt_secret,
        settings.jwt_issuer,
        settings.jwt_audience,
        settings.jwt_algorithms,
        settings.jwt_clock_skew,
        settings.cache_session_ttl,
    )


def limiter_on(settings: Settings, pool: AsyncConnectionPool[Connection], redis: Redis) -> Limiter:
    """Wire up a limiter."""
    return Limiter(settings, Windows(redis, time.monotonic), Quotas(pool), Blocks(pool), time.monotonic)


def limiter_redis(settings: Settings) -> Redis:
    """Make a client of the limiter's Redis."""
    return redis_client(settings, patience=PATIENCE, connections=8, url=settings.limiter_url)


def gate(settings: Settings, pool: AsyncConnectionPool[Connection], role: str) -> Gate:
    """Wire up a process's gate; nothing is connected yet."""
    redis = limiter_redis(settings)
    limiter = limiter_on(settings, pool, redis)
    revocations = Revocations()
    kept = TokenRevocations(pool)
    report = LimitReport(limiter, redis, role)

    async def look() -> None:
        async with borrowed(pool) as connection:
            epoch = await current_epoch(pool, connection)
            limiter.begin(epoch)
            report.begin(epoch)
            await limiter.look(connection)
            await kept.look(revocations, connection)

    keys = JwksKeys(settings.jwks_url, time.monotonic) if settings.jwks_url else None
    return Gate(
        authenticator=Authenticator(trust_of(settings), time.time, keys=keys, revocations=revocations),
        limiter=limiter,
        report=report,
        redis=redis,
        _address=address_of(settings.trusted_proxies),
        _keys=keys,
        _watch=Watch(settings, GATE, look, told=limiter.told),
    )
