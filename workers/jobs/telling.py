"""How far jobs are, told to live readers and to whoever asks; stored nowhere."""

import asyncio
import logging
from collections.abc import Mapping
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.job import Job
from infra.redis.keys import Keys
from infra.redis.queues import RedisQueue
from projections.partitions import partition_of

logger = logging.getLogger(__name__)

# Seconds: what comes sooner after the last word on the same job is left out, unless it is the end of a stretch.
EVERY = 0.1
LONGEST = 200


class Telling:
    """Publishes `{"type": "job", "job_id", "state", "done", "total", "message"}` to the project's live readers."""

    def __init__(self, redis: Redis, keys: Keys, queues: Mapping[str, RedisQueue], partitions: int) -> None:
        self._redis = redis
        self._keys = keys
        self._queues = queues
        self._partitions = partitions
        self._told: dict[UUID, float] = {}

    async def tell(self, job: Job, done: int, total: int, message: str) -> None:
        """Tell it, or nothing while Redis is away: the job goes on."""
        now = asyncio.get_running_loop().time()
        if total and done < total and now - self._told.get(job.id, float("-inf")) < EVERY:
            return
        progress = {"done": done, "total": total, "message": message[:LONGEST]}
        told = {"type": "job", "job_id": str(job.id), "kind": job.queue, "state": job.state, **progress}
        if total and not job.state.ended:
            self._told[job.id] = now
        else:
            self._told.pop(job.id, None)
        channel = self._keys.job_messages(partition_of(job.project_id, self._partitions))
        try:
            if total:
                await self._queues[job.queue].tell_progress(job.id, orjson.dumps(progress))
            await self._redis.publish(channel, job.project_id.bytes + orjson.dumps(told))
        except (RedisError, OSError, TimeoutError) as away:
            logger.warning("nobody was told how far job %s is: %s", job.id, away)
