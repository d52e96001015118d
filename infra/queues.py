"""The queues of jobs as they are configured, decided about by operators, and stand now."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.job import ExportRequested, GenerationRequested, ImageRequested, ThinkingRequested
from infra.postgres.queue_settings import QueueSetting, QueueSettings
from infra.redis.keys import Keys
from infra.redis.queues import Depth, Limits, RedisQueue
from infra.settings import Settings
from projections.jobs import queries
from projections.ports import Database


def concurrencies(settings: Settings) -> dict[str, int]:
    """Return how many jobs of each queue may run at once, over all processes, by the settings."""
    return {
        GenerationRequested.QUEUE: settings.ai_generation_concurrency,
        ThinkingRequested.QUEUE: settings.thinking_queue_concurrency,
        ImageRequested.QUEUE: settings.image_generation_concurrency,
        ExportRequested.QUEUE: settings.export_concurrency,
    }


def queues_of(settings: Settings, redis: Redis, keys: Keys) -> dict[str, RedisQueue]:
    """Return all queues."""
    return {
        name: RedisQueue(redis, name, keys, settings.job_lease_ms, settings.job_aging_ms)
        for name in concurrencies(settings)
    }


def limits_of(settings: Settings, name: str, decided: Mapping[str, QueueSetting]) -> Limits:
    """Return how fast a queue may go: by what operators have decided, else by the settings."""
    setting = decided.get(name, QueueSetting())
    configured = concurrencies(settings)[name]
    return Limits(
        configured if setting.concurrency is None else setting.concurrency,
        setting.paused,
        settings.job_rate,
        settings.job_rate_per_user,
    )


async def queue_stats(
    settings: Settings, database: Database, queues: Mapping[str, RedisQueue], decisions: QueueSettings
) -> list[dict[str, Any]]:
    """Describe every queue: what waits by state and priority, what runs, and how the last hour went.

    `depth`, `by_priority` and `dead` count jobs as the log has them, `dispatched` as Redis does; that is None
    while Redis is away. `running` are attempts with a lease. `oldest_age_s` is of those that wait for their turn.
    """
    decided = await decisions.all()
    found: list[dict[str, Any]] = []
    for name, queue in queues.items():
        async with database.session() as session:
            figures = await queries.figures(session, name)
        limits = limits_of(settings, name, decided)
        held = await _held(queue)
        states: dict[str, int] = defaultdict(int)
        priorities: dict[str, int] = defaultdict(int)
        for state, priority, count, _ in figures.depth:
            states[state] += count
            if state in queries.WAITING:
                priorities[str(priority)] += count
        running = held.running if held is not None else states.get(queries.RUNNING, 0)
        found.append(
            {
                "queue": name,
                "paused": limits.paused,
                "concurrency": limits.concurrency,
                "running": running,
                "utilization": round(running / limits.concurrency, 3) if limits.concurrency else None,
                "depth": dict(states),
                "waiting_by_priority": dict(priorities),
                "by_priority": [
                    {"state": state, "priority": priority, "jobs": count, "oldest_age_s": round(age, 3)}
                    for state, priority, count, age in figures.depth
                ],
                "oldest_age_s": figures.oldest_age,
                "dispatched": held and {"ready": held.ready, "delayed": held.delayed, "armed": held.armed},
                "dead": figures.dead,
                "last_hour": {
                    "succeeded": figures.succeeded,
                    "failed": figures.failed,
                    "cancelled": figures.cancelled,
                    "expired": figures.expired,
                    "retries": figures.retries,
                    "run_time_p50_s": figures.p50,
                    "run_time_p99_s": figures.p99,
                },
            }
        )
    return found


async def _held(queue: RedisQueue) -> Depth | None:
    """Count what a queue holds in Redis; None while that is away."""
    try:
        return await queue.depth()
    except (RedisError, OSError, TimeoutError):
        return None
