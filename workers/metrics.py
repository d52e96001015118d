"""What a worker process tells of itself, and of the deployment: queues, lags, the Redis server."""

from collections.abc import Mapping
from typing import Any

from infra.bootstrap import WorkerSide, WriteSide
from infra.postgres.lags import lags
from infra.postgres.queue_settings import QueueSettings
from infra.queues import queue_stats, queues_of
from infra.redis.publisher import StreamPublisher
from infra.settings import Settings
from infra.telemetry import table
from infra.telemetry.metrics import Labels, Metric, Metrics, Number, Value
from infra.telemetry.wiring import ask_redis, new_metrics, watch_appender, watch_pool, watch_redis
from projections import failures


class WorkerMetrics:
    """Wires up the metrics of a worker process."""

    def __init__(self, settings: Settings, worker: WorkerSide, write: WriteSide) -> None:
        self._settings = settings
        self._worker = worker
        self.metrics: Metrics = new_metrics()
        watch_pool(self.metrics, worker.pool)
        watch_pool(self.metrics, write.pool)
        watch_appender(self.metrics, write.appender)
        watch_redis(self.metrics, "workers", worker.redis)
        ask_redis(self.metrics, worker.redis)
        self.metrics.ask("log", self._log)
        self.metrics.ask("relay", self._relay)
        self.metrics.ask("queues", self._queues)

    async def _log(self) -> Mapping[Metric, Value]:
        head, _ = await self._worker.log.head()
        async with self._worker.database.session() as session:
            behind = await lags(session)
            stopped = await failures.table(session)
        return {
            table.LOG_POSITION: head,
            table.PROJECTION_LAG: {(lag.model,): lag.events for lag in behind},
            table.PROJECTION_LAG_SECONDS: {(lag.model,): lag.seconds for lag in behind},
            table.PROJECTION_STOPPED: len({f.model for f in stopped}),
        }

    async def _relay(self) -> Mapping[Metric, Value]:
        """The relay publishes in the log's order, so it has come to the latest entry of any stream."""
        keys = await self._worker.keys()
        head, _ = await self._worker.log.head()
        streams = [keys.log_stream(k) for k in range(self._settings.stream_partitions)]
        tops = [
            await StreamPublisher(self._worker.redis, key, self._settings.stream_max_length).top()
            for key in streams
        ]
        published = max((top[0] for top in tops if top is not None), default=0)
        return {table.RELAY_LAG: max(0, head - published)}

    async def _queues(self) -> Mapping[Metric, Value]:
        worker = self._worker
        queues = queues_of(self._settings, worker.redis, await worker.keys())
        stats = await queue_stats(self._settings, worker.database, queues, QueueSettings(worker.pool))
        return queue_values(stats)


def queue_values(stats: list[dict[str, Any]]) -> Mapping[Metric, Value]:
    """Put the report of the queues into metrics; what it does not know is left out."""
    jobs: dict[Labels, Number] = {}
    ended: dict[Labels, Number] = {}
    seconds: dict[Labels, Number] = {}
    oldest, concurrency, running, utilization = {}, {}, {}, {}
    for queue in stats:
        name = queue["queue"]
        jobs |= {(name, "queued"): 0, (name, "running"): 0}
        jobs |= {(name, state): count for state, count in queue["depth"].items()}
        oldest[name,] = queue["oldest_age_s"] or 0.0
        concurrency[name,] = queue["concurrency"]
        running[name,] = queue["running"]
        utilization[name,] = queue["utilization"] or 0.0
        last = queue["last_hour"]
        ended |= {(name, outcome): last[outcome] for outcome in ("succeeded", "failed", "retries")}
        for quantile, key in (("0.5", "run_time_p50_s"), ("0.99", "run_time_p99_s")):
            if last[key] is not None:
                seconds[name, quantile] = last[key]
    return {
        table.QUEUE_JOBS: jobs,
        table.QUEUE_OLDEST: oldest,
        table.QUEUE_CONCURRENCY: concurrency,
        table.QUEUE_RUNNING: running,
        table.QUEUE_UTILIZATION: utilization,
        table.QUEUE_ENDED: ended,
        table.QUEUE_SECONDS: seconds,
    }
