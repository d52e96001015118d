"""A pool that counts what it does, and logs statements that take long: their text, never their values."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, AsyncCursor
from psycopg_pool import AsyncConnectionPool

from infra.telemetry.measures import Histogram

logger = logging.getLogger(__name__)

Row = tuple[Any, ...]
# Characters of a slow statement that are logged.
SHOWN = 500


@dataclass(slots=True)
class PoolMeasures:
    """What a pool did. Times are in seconds."""

    # Of its statements: above it one is slow.
    limit: float
    wait: Histogram = field(default_factory=Histogram)
    query: Histogram = field(default_factory=Histogram)
    slow: int = 0
    errors: int = 0

    def took(self, pool: str, query: object, seconds: float) -> None:
        """Count a statement, and log it if it was slow."""
        self.query.observe(seconds)
        if seconds < self.limit:
            return
        self.slow += 1
        text = query.decode(errors="replace") if isinstance(query, bytes) else str(query)
        told = {"pool": pool, "ms": round(seconds * 1000), "statement": " ".join(text.split())[:SHOWN]}
        logger.warning("a statement was slow", extra={"fields": told})


class MeasuredCursor(AsyncCursor[Row]):
    """A cursor of a measured pool."""

    measures: PoolMeasures
    pool: str

    async def execute(self, query: Any, params: Any = None, **options: Any) -> "MeasuredCursor":
        """Run a statement, and count how long it took."""
        begun = time.perf_counter()
        try:
            return await super().execute(query, params, **options)
        finally:
            self.measures.took(self.pool, query, time.perf_counter() - begun)


class MeasuredPool(AsyncConnectionPool[AsyncConnection[Row]]):
    """A pool whose waits and statements are counted."""

    def __init__(self, conninfo: str, *, slow_ms: int, kwargs: Mapping[str, Any], **options: Any) -> None:
        self.measures = measures = PoolMeasures(slow_ms / 1000)
        name = str(options["name"])

        class Cursor(MeasuredCursor):
            """Knows its pool: psycopg makes cursors by their class alone."""

        Cursor.measures, Cursor.pool = measures, name
        super().__init__(conninfo, kwargs={**kwargs, "cursor_factory": Cursor}, **options)

    async def getconn(self, timeout: float | None = None) -> AsyncConnection[Row]:  # noqa: ASYNC109 - the pool's own signature
        """Borrow a connection, and count how long that took."""
        begun = time.perf_counter()
        try:
            return await super().getconn(timeout)
        except Exception:
            self.measures.errors += 1
            raise
        finally:
            self.measures.wait.observe(time.perf_counter() - begun)

    def connections(self) -> dict[tuple[str, ...], int]:
        """Return how many connections are used and idle, and how many there may be."""
        stats = self.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        name = self.name
        return {(name, "used"): size - idle, (name, "idle"): idle, (name, "max"): self.max_size}

    @property
    def waiting(self) -> int:
        """How many wait for a connection."""
        return self.get_stats().get("requests_waiting", 0)

    @property
    def errors(self) -> int:
        """How many connections were not had, or failed."""
        stats = self.get_stats()
        return self.measures.errors + stats.get("connections_errors", 0) + stats.get("connections_lost", 0)
