"""What operators do to cached documents. Nothing here is needed for reads to be right."""

from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis

from domain.errors import Invalid
from infra.redis.keys import Keys, generation_of

# Notified with the pattern of what was cleared: read processes forget what they hold of it.
CHANNEL = "decklog_cache_cleared"
STEP = 1_000
PATTERN_LIMIT = 500
# Seconds: longer than any document is kept, so that those of before are gone by then.
GENERATION_TTL = 7 * 86_400


def full_pattern(keys: Keys, pattern: str) -> str:
    """Return a pattern of Redis keys that can match nothing but cached documents.

    Raises:
        Invalid: it could match other keys.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise Invalid.at("PATTERN", f"must be at most {PATTERN_LIMIT} characters", PATTERN_LIMIT)
    if pattern.startswith("doc:"):
        return f"{keys.prefix}:{pattern}"
    if pattern.startswith(keys.documents):
        return pattern
    raise Invalid.at(
        "PATTERN",
        f"must begin with doc: (or {keys.documents}), the keys of cached documents, such as 'doc:*:project'",
    )


async def clear(redis: Redis, pattern: str) -> int:
    """Remove the documents whose keys match a full pattern, in steps that hold nobody up; return how many.

    Raises:
        redis.exceptions.RedisError: Redis is away; some may have been removed.
    """
    removed, cursor = 0, 0
    while True:
        found: tuple[int, list[Any]] = await redis.scan(cursor, match=pattern, count=STEP)
        cursor, keys = found
        if keys:
            async with redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.unlink(key)
                removed += sum(await pipeline.execute())
        if not cursor:
            return removed


async def renew(redis: Redis, keys: Keys, project_id: UUID) -> str:
    """Give a project another generation, which no cached document of it has; return the pattern of these.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    pattern = keys.document(project_id, "*")
    await redis.set(generation_of(pattern), uuid4().hex[:10], ex=GENERATION_TTL)
    return pattern
