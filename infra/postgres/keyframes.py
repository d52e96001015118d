"""Keyframes: whole projects in a table, so that a state of long ago is read from near by."""

import asyncio
import logging
import zlib
from uuid import UUID

import orjson
from psycopg_pool import AsyncConnectionPool

from domain.documents import Deck
from domain.documents.deck import SCHEMA
from infra.postgres.connections import Connection, borrowed

logger = logging.getLogger(__name__)

END = 2**62
# The fastest level: contents are short texts, which better ones shrink hardly more.
LEVEL = 1

# Only what is in the log gets a keyframe, with the hash and the epoch that tell this history from any other.
_WRITE = """
insert into keyframes (project_id, position, epoch, schema, hash, state)
select e.project_id, e.notification_id, h.epoch, %(schema)s, e.hash, %(state)s
from stored_events e cross join log_head h
where e.notification_id = %(position)s and e.project_id = %(project)s
    and not exists (select from detached_projects d where d.project_id = e.project_id)
on conflict (project_id, position) do update set epoch = excluded.epoch, schema = excluded.schema,
    hash = excluded.hash, state = excluded.state, taken_at = excluded.taken_at
"""

_NEAREST = """
select k.position, k.state
from keyframes k
join log_head h on h.epoch = k.epoch
join stored_events e on e.notification_id = k.position and e.project_id = k.project_id and e.hash = k.hash
where k.project_id = %s and k.position <= %s and k.schema = %s order by k.position desc limit 1
"""


class Keyframes:
    """Keeps decks by project and position. They only save reading: any may be missing at any time."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    async def nearest(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return the last keyframe up to a position (None: of all) that fits the log, None if there is none."""
        at = END if position is None else position
        while True:
            async with borrowed(self._pool) as connection:
                cursor = await connection.execute(_NEAREST, [project_id, at, SCHEMA], binary=True)
                row = await cursor.fetchone()
            if row is None:
                return None
            try:
                # Thousands of blocks: other tasks have their turns meanwhile.
                return await asyncio.to_thread(unpack, row[1])
            except ValueError as broken:
                logger.warning("ignored the keyframe of %s at %d: %s", project_id, row[0], broken)
                at = row[0] - 1

    async def write(self, project_id: UUID, deck: Deck) -> None:
        """Keep a deck, if the log has its last event as an event of this project."""
        values = {
            "project": project_id,
            "position": deck.position,
            "schema": SCHEMA,
            "state": await asyncio.to_thread(pack, deck),
        }
        async with borrowed(self._pool) as connection:
            await connection.execute(_WRITE, values)


def pack(deck: Deck) -> bytes:
    """Write a deck down as bytes."""
    return zlib.compress(orjson.dumps(deck.dump()), LEVEL)


def unpack(packed: bytes) -> Deck:
    """Make a deck again.

    Raises:
        ValueError: it is broken, or of another schema.
    """
    try:
        return Deck.load(orjson.loads(zlib.decompress(packed)))
    except zlib.error as broken:
        raise ValueError(str(broken)) from broken
