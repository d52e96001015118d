"""The health report of an API process."""

import asyncio
from typing import Any

import orjson
import psycopg
from psycopg_pool import AsyncConnectionPool
from starlette.responses import Response

from domain.errors import Unavailable
from infra.postgres.connections import Connection, borrowed

PATIENCE = 2.0


async def health_response(role: str, pool: AsyncConnectionPool[Connection], **more: Any) -> Response:
    """Ask the database for the head of the log; 200 when it answers in time, else 503."""
    try:
        async with asyncio.timeout(PATIENCE), borrowed(pool) as connection:
            row = await (await connection.execute("select position, epoch::text from log_head")).fetchone()
    except (TimeoutError, Unavailable, psycopg.Error) as away:
        document = {"status": "unavailable", "role": role, "database": type(away).__name__, **more}
        return Response(orjson.dumps(document), 503, {"Retry-After": "2"}, "application/json")
    position, epoch = row or (0, "")
    document = {"status": "ok", "role": role, "position": position, "epoch": epoch, **more}
    return Response(orjson.dumps(document), media_type="application/json")
