"""Which object holds which metric's number, for the parts that several kinds of process have."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from infra.http.observed import Traffic
from infra.http.operations import Operations
from infra.http.overload import Load
from infra.http.side_server import SideServer
from infra.limits.limiter import Limiter
from infra.postgres.appender import Appender
from infra.postgres.measured import MeasuredPool
from infra.redis.measured import MeasuredRedis
from infra.settings import Settings
from infra.telemetry import table
from infra.telemetry.measures import Histogram
from infra.telemetry.metrics import Metric, Metrics, Value

# Seconds between two looks at how late the event loop is.
LOOK_EVERY = 0.25


def new_metrics() -> Metrics:
    """Return the metrics of a process, of which nothing is known yet."""
    return Metrics(table.SCRAPE_FAILURES)


def watch_traffic(metrics: Metrics, traffic: Traffic) -> None:
    """Tell of requests and sockets."""
    metrics.watch(table.HTTP_REQUESTS, lambda: traffic.requests)
    metrics.watch(table.HTTP_SECONDS, lambda: traffic.seconds)
    metrics.watch(table.HTTP_IN_FLIGHT, lambda: traffic.in_flight)
    metrics.watch(table.RATE_LIMIT_HITS, lambda: traffic.limited)
    metrics.watch(table.ACTIVE_CONNECTIONS, lambda: {**_NO_CONNECTIONS, **traffic.connections})
    metrics.watch(table.SOCKET_ENDS, lambda: traffic.ends)


def watch_gate(metrics: Metrics, limiter: Limiter, load: Load) -> None:
    """Tell of limits, and of what was turned away for want of room."""
    metrics.watch(table.LIMITER_DECISIONS, limiter.counts.decisions)
    metrics.watch(table.LIMITER_ROUND_TRIPS, lambda: limiter.round_trips)
    metrics.watch(table.LIMITER_BLOCKED, lambda: limiter.blocking.count)
    metrics.watch(table.TURNED_AWAY, lambda: load.refused)


# An autoscaler has to find a number before the first connection.
_NO_CONNECTIONS: Mapping[tuple[str, ...], int] = {("commands",): 0, ("events",): 0}


def watch_pool(metrics: Metrics, pool: MeasuredPool) -> None:
    """Tell of a pool of the database's."""
    name, measures = pool.name, pool.measures
    metrics.watch(table.DB_CONNECTIONS, pool.connections)
    metrics.watch(table.DB_WAITING, lambda: pool.waiting, name)
    metrics.watch(table.DB_WAIT_SECONDS, lambda: measures.wait, name)
    metrics.watch(table.DB_QUERY_SECONDS, lambda: measures.query, name)
    metrics.watch(table.DB_SLOW, lambda: measures.slow, name)
    metrics.watch(table.DB_ERRORS, lambda: pool.errors, name)


def watch_redis(metrics: Metrics, name: str, redis: MeasuredRedis) -> None:
    """Tell of a client of Redis."""
    measures = redis.measures
    metrics.watch(table.REDIS_SECONDS, lambda: measures.seconds, name)
    metrics.watch(table.REDIS_ERRORS, lambda: measures.errors, name)
    metrics.watch(table.REDIS_CONNECTIONS, lambda: redis.connections, name)


def ask_redis(metrics: Metrics, redis: MeasuredRedis) -> None:
    """Tell of the Redis server."""

    async def ask() -> Mapping[Metric, Value]:
        info = await redis.info()
        return {
            table.REDIS_MEMORY: info["used_memory"],
            table.REDIS_MEMORY_MAX: info["maxmemory"],
            table.REDIS_CLIENTS: info["connected_clients"],
            table.REDIS_HITS: {("hit",): info["keyspace_hits"], ("miss",): info["keyspace_misses"]},
            table.REDIS_EVICTED: info["evicted_keys"],
        }

    metrics.ask("redis", ask)


def watch_appender(metrics: Metrics, appender: Appender) -> None:
    """Tell of appends to the log."""
    measures = appender.measures
    metrics.watch(table.APPEND_SECONDS, lambda: measures.seconds)
    metrics.watch(table.APPEND_BATCH, lambda: measures.requests)
    metrics.watch(table.APPEND_EVENTS, lambda: measures.events)
    metrics.watch(table.APPEND_RETRIES, lambda: measures.retries)
    metrics.watch(table.APPEND_WAITING, lambda: appender.depth)


class LoopLag:
    """Measures how late the event loop wakes a timer."""

    def __init__(self) -> None:
        self.late = Histogram()

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            due = time.perf_counter() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            self.late.observe(max(0.0, time.perf_counter() - due))

    def watch(self, metrics: Metrics) -> None:
        """Tell of it."""
        metrics.watch(table.LOOP_LAG, lambda: self.late)


@asynccontextmanager
async def beside(settings: Settings, metrics: Metrics, operations: Operations) -> AsyncIterator[int | None]:
    """Measure the event loop, and serve metrics and health on their own port if there is one; yields that port.

    Raises:
        OSError: the port cannot be had.
    """
    lag = LoopLag()
    lag.watch(metrics)
    looking = asyncio.create_task(lag.run())
    server: SideServer | None = None
    try:
        if settings.metrics_port:
            server = SideServer(operations.routes(), settings.metrics_host, settings.metrics_port)
            await server.start()
        yield server.port if server else None
    finally:
        if server is not None:
            await server.stop()
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
