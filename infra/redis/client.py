"""How this product connects to Redis."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from infra.settings import Settings

PATIENCE = 2.0


def redis_client(settings: Settings, *, patience: float = PATIENCE, connections: int = 64) -> Redis:
    """Make a client that answers or fails within `patience` seconds: callers know what to do without Redis."""
    return Redis.from_url(
        str(settings.redis_url),
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 1),
        max_connections=connections,
        protocol=3,
    )
