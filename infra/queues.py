"""The queues of jobs as they are configured, decided about by operators, and stand now."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from domain.job import ExportRequested, GenerationRequested, ImageRequested, ThinkingRequested
from infra.postgres.queue_settings import QueueSetting, QueueSettings
from infra.redis.keys import Keys
from infra.redis.queues import Limits, RedisQueue
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
    """Describe every queue: what waits by state and priority, what runs, and how the last hour went."""
    decided = await decisions.all()
    found: list[dict[str, Any]] = []
    for name, queue in queues.items():
        async with database.session() as session:
            figures = await queries.figures(session, name)
        limits = limits_of(settings, name, decided)
        held = await queue.depth()
        states: dict[str, int] = defaultdict(int)
        priorities: dict[str, int] = defaultdict(int)
        for state, priority, count in figures.depth:
            states[state] += count
            if state in queries.WAITING:
                priorities[str(priority)] += count
        found.append(
            {
                "queue": name,
                "paused": limits.paused,
                "concurrency": limits.concurrency,
                "running": held.running,
                "utilization": round(held.running / limits.concurrency, 3) if limits.concurrency else None,
                "depth": dict(states),
                "waiting_by_priority": dict(priorities),
                "oldest_age_s": figures.oldest_age,
                "dispatched": {"ready": held.ready, "delayed": held.delayed, "armed": held.armed},
                "last_hour": {
                    "succeeded": figures.succeeded,
                    "failed": figures.failed,
                    "retries": figures.retries,
                    "run_time_p50_s": figures.p50,
                    "run_time_p99_s": figures.p99,
                },
            }
        )
    return found
