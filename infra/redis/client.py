"""How this product connects to Redis."""

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from infra.redis.measured import MeasuredRedis
from infra.settings import Settings

PATIENCE = 2.0


def redis_client(
    settings: Settings, *, patience: float = PATIENCE, connections: int = 64, url: str | None = None
) -> MeasuredRedis:
    """Make a client that answers or fails within `patience` seconds: callers know what to do without Redis.

    It is of the server of `REDIS_URL`, unless `url` names another.
    """
    # Past its size the pool lets callers wait, not fail: a burst of reads says nothing about the server.
    pool = BlockingConnectionPool.from_url(
        url or str(settings.redis_url),
        timeout=patience,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 1),
        max_connections=connections,
        protocol=3,
    )
    client = MeasuredRedis(connection_pool=pool)
    client.auto_close_connection_pool = True
    return client
