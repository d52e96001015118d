"""What operators and orchestrators ask any process, without a token: is it alive, is it ready, how does it do.

Nothing here tells of a tenant, an address, a statement or an error's text.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
import psycopg
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Unavailable
from infra.http.observed import Traffic
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.measured import MeasuredPool
from infra.redis.measured import MeasuredRedis
from infra.telemetry.metrics import MEDIA_TYPE, Metrics

logger = logging.getLogger(__name__)

# Seconds: how long a server may take to answer.
PATIENCE: Final = 2.0
AWAY: Final = (TimeoutError, Unavailable, psycopg.Error, PoolTimeout, RedisError, OSError)
LIVE, READY, REPORT, METRICS = "/api/health/live", "/api/health/ready", "/api/health", "/metrics"

More = Callable[[], Awaitable[Mapping[str, Any]]]


async def nothing_more() -> Mapping[str, Any]:
    """A process that has nothing of its own to report."""
    return {}


class Operations:
    """The answers of one process.

    Args:
        role: what it is: `write`, `read` or `workers`.
        more: what else it reports; while it cannot be had, the report is without it.
    """

    def __init__(
        self,
        role: str,
        log: PostgresEventLog,
        pool: MeasuredPool,
        metrics: Metrics,
        *,
        traffic: Traffic | None = None,
        redis: MeasuredRedis | None = None,
        more: More = nothing_more,
    ) -> None:
        self._role = role
        self._log = log
        self._pool = pool
        self._metrics = metrics
        self._traffic = traffic
        self._redis = redis
        self._more = more
        self._begun = time.monotonic()
        self.draining = False

    def routes(self, *, metrics: bool = True) -> list[Route]:
        """Return the routes; without those of metrics where these have a port of their own."""
        found = [
            Route(LIVE, self.live, methods=["GET"], include_in_schema=False),
            Route(READY, self.ready, methods=["GET"], include_in_schema=False),
            Route(REPORT, self.report, methods=["GET"], include_in_schema=False),
        ]
        if metrics:
            found.append(Route(METRICS, self.metrics, methods=["GET"], include_in_schema=False))
        return found

    async def live(self, _: Request) -> Response:
        """Answer: who does not, hangs, and is to be started again."""
        return _json({"status": "ok", "role": self._role})

    async def ready(self, _: Request) -> Response:
        """Tell whether requests may be sent here: the database answers, and the process is not ending."""
        if self.draining:
            return _json({"status": "draining", "role": self._role}, 503)
        head = await self._head()
        if head is None:
            return _json({"status": "unavailable", "role": self._role, "database": "unreachable"}, 503)
        return _json({"status": "ok", "role": self._role})

    async def report(self, _: Request) -> Response:
        """Tell how this process does: 200 if it is fit to serve, else 503."""
        head, redis, more = await asyncio.gather(self._head(), self._redis_answers(), self._told())
        document: dict[str, Any] = {"status": "ok", "role": self._role}
        if head is None:
            document |= {"status": "unavailable", "database": "unreachable"}
        else:
            document |= {"position": head[0], "epoch": head[1]}
        if redis is not None:
            document["redis"] = "ok" if redis else "unreachable"
        return _json({**document, "metrics": self._summary(), **more}, 200 if head else 503)

    async def metrics(self, _: Request) -> Response:
        """Tell everything to Prometheus."""
        return Response(await self._metrics.text(), media_type=MEDIA_TYPE)

    async def _head(self) -> tuple[int, str] | None:
        try:
            async with asyncio.timeout(PATIENCE):
                position, epoch = await self._log.head()
        except AWAY as away:
            logger.warning("the database does not answer: %s", type(away).__name__)
            return None
        return position, str(epoch)

    async def _redis_answers(self) -> bool | None:
        if self._redis is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                await self._redis.execute_command("PING")
        except AWAY:
            return False
        return True

    async def _told(self) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._more()
        except AWAY as away:
            logger.warning("the report is without what is asked of the database: %s", type(away).__name__)
            return {}

    def _summary(self) -> dict[str, Any]:
        connections = {state: n for (_, state), n in self._pool.connections().items()}
        found: dict[str, Any] = {
            "uptime_s": round(time.monotonic() - self._begun, 1),
            "database": {
                "connections": connections,
                "waiting": self._pool.waiting,
                "slow_queries": self._pool.measures.slow,
                "query_p95_ms": _ms(self._pool.measures.query.quantile(0.95)),
            },
        }
        if (traffic := self._traffic) is not None:
            times = traffic.whole()
            found["requests"] = {
                "total": sum(traffic.requests.values()),
                "errors": sum(n for (_, _, status), n in traffic.requests.items() if status >= "500"),
                "in_flight": traffic.in_flight,
                "p50_ms": _ms(times.quantile(0.5)),
                "p95_ms": _ms(times.quantile(0.95)),
                "p99_ms": _ms(times.quantile(0.99)),
            }
            found["connections"] = {kind: n for (kind,), n in sorted(traffic.connections.items())}
        return found


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", **({"Retry-After": "2"} if status != 200 else {})}  # noqa: PLR2004 - OK
    return Response(orjson.dumps(document), status, headers, "application/json")
