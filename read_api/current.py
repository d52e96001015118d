"""What a read process reports of itself, whichever epoch the log has."""

from collections.abc import Mapping
from typing import Any

from infra.bootstrap import ReadSide
from infra.telemetry import table
from infra.telemetry.metrics import Metrics
from projections import checkpoints, failures
from read_api.live.gateway import Gateway
from read_api.side import Reading

_LEVELS = ("l1", "stale", "l2", "joined", "tables")


class Current:
    """The present epoch's parts of a read process; before the first one, there is nothing to tell."""

    def __init__(self, side: ReadSide, gateway: Gateway) -> None:
        self._side = side
        self._gateway = gateway
        self.reading: Reading | None = None

    async def report(self) -> Mapping[str, Any]:
        """Tell how far the read models are, which of them have stopped, and how many live readers there are."""
        async with self._side.database.session() as session:
            models = await checkpoints.table(session)
            stopped = await failures.table(session)
        return {
            "live": {"subscribers": self._gateway.connections, **self._gateway.document()},
            "projections": [
                {
                    "model": model,
                    "partition": partition,
                    "position": position,
                    "seconds_since_moved": round(age, 3),
                }
                for model, partition, position, age in models
            ],
            "stopped": [
                {"model": f.model, "partition": f.partition, "position": f.position} for f in stopped
            ],
        }

    def watch(self, metrics: Metrics) -> None:
        """Tell of the caches and of live readers."""
        stats = self._gateway.stats
        metrics.watch(table.ACTIVE_CONNECTIONS, lambda: self._gateway.connections, "live")
        metrics.watch(table.SOCKET_ENDS, lambda: {("live", str(code)): n for code, n in stats.closed.items()})
        metrics.watch(table.SOCKETS_REFUSED, lambda: {(str(code),): n for code, n in stats.refused.items()})
        metrics.watch(table.LIVE_MESSAGES, lambda: {("in",): stats.messages_in, ("out",): stats.messages_out})
        metrics.watch(table.LIVE_BYTES, lambda: {("in",): stats.bytes_in, ("out",): stats.bytes_out})
        metrics.watch(table.LIVE_DROPPED, lambda: stats.dropped_slow)
        metrics.watch(table.LIVE_COALESCED, lambda: stats.coalesced)
        metrics.watch(table.LIVE_SECONDS, lambda: stats.lateness)
        metrics.watch(table.CACHE_REQUESTS, self._requests)
        metrics.watch(table.CACHE_HIT_RATIO, self._hit_ratio)

    def _requests(self) -> Mapping[tuple[str, ...], int]:
        if self.reading is None:
            return {}
        counts = self.reading.documents.counts
        return {
            (kind, level): getattr(of_kind, level) for kind, of_kind in counts.items() for level in _LEVELS
        }

    def _hit_ratio(self) -> Mapping[tuple[str, ...], float]:
        """Before the first request there is no ratio: an alert must not take it for none."""
        found = self._requests()
        asked = sum(found.values())
        hits = sum(n for (_, level), n in found.items() if level in ("l1", "stale", "l2"))
        return {(): hits / asked} if asked else {}
