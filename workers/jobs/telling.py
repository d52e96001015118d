"""How far jobs are, told to live readers and to whoever asks; stored nowhere."""

import logging
from collections.abc import Mapping

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.job import Job
from infra.redis.keys import Keys
from infra.redis.queues import RedisQueue
from projections.partitions import partition_of

logger = logging.getLogger(__name__)

LONGEST = 200


class Telling:
    """Publishes `{"type": "job", "job_id", "state", "done", "total", "message"}` to the project's live readers."""

    def __init__(self, redis: Redis, keys: Keys, queues: Mapping[str, RedisQueue], partitions: int) -> None:
        self._redis = redis
        self._keys = keys
        self._queues = queues
        self._partitions = partitions

    async def tell(self, job: Job, done: int, total: int, message: str) -> None:
        """Tell it, or nothing while Redis is away: the job goes on.

        That a job begins or ends is not told here: those are events, which live readers get anyway.
        """
        progress = {"done": done, "total": total, "message": message[:LONGEST]}
        told = {"type": "job", "job_id": str(job.id), "kind": job.queue, "state": job.state, **progress}
        channel = self._keys.job_messages(partition_of(job.project_id, self._partitions))
        try:
            await self._queues[job.queue].tell_progress(job.id, orjson.dumps(progress))
            await self._redis.publish(channel, job.project_id.bytes + orjson.dumps(told))
        except (RedisError, OSError, TimeoutError) as away:
            logger.warning("nobody was told how far job %s is: %s", job.id, away)
