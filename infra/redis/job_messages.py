"""What running jobs say of how far they are: published once, kept nowhere, missed by who does not listen."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from redis.exceptions import RedisError

from infra.cancelling import stop_if_cancelled
from infra.redis.client import redis_client
from infra.settings import Settings

logger = logging.getLogger(__name__)

PAUSE = 1.0
PROJECT_BYTES = 16


async def listen_to_jobs(
    settings: Settings, channels: Sequence[str], heard: Callable[[UUID, bytes], None]
) -> None:
    """Hand every message on, with the project that it is for, until cancelled; Redis may come and go."""
    while True:
        try:
            async with redis_client(settings, connections=1) as redis, redis.pubsub() as pubsub:
                await pubsub.subscribe(*channels)
                while True:
                    stop_if_cancelled()
                    message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=PAUSE)
                    if message is not None:
                        data: bytes = message["data"]
                        heard(UUID(bytes=data[:PROJECT_BYTES]), data[PROJECT_BYTES:])
        except (RedisError, OSError, TimeoutError) as away:
            logger.warning("how far jobs are cannot be heard: %s", away)
        stop_if_cancelled()
        await asyncio.sleep(PAUSE)
