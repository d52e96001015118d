"""People with names, the parts of a process that deal with them, and a look at everything that is stored."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from psycopg.sql import SQL, Identifier
from redis.asyncio import Redis
from running import Person, System, Table

from infra.http.auth import issue
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.postgres.personal import Revealer, Sealer
from infra.postgres.shredding import Shredded, shred
from infra.postgres.vault import Vault
from infra.settings import Settings


@dataclass
class Named(Person):
    """Somebody whose token says who it is."""

    name: str = ""
    email: str = ""

    @property
    def secrets(self) -> list[bytes]:
        return [self.name.encode(), self.email.encode()]


def introduce(system: System, user: str | None = None) -> Named:
    user = user or f"user-{uuid4().hex[:8]}"
    name, email = f"Ada {uuid4().hex}", f"{uuid4().hex}@example.org"
    token = issue(system.settings.jwt_secret, user, now=time.time(), ttl=3600, name=name, email=email)
    return Named(system, user, token, name, email)


async def everything_in(table: Table) -> bytes:
    """Read every row of every table as text, with what is in `bytea` as it is."""
    found: list[bytes] = []
    names = await table.rows("select tablename from pg_tables where schemaname = 'public'")
    for (name,) in names:
        cursor = await table.connection.execute(SQL("select * from {}").format(Identifier(name)))
        for row in await cursor.fetchall():
            found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(found)


async def everything_in_redis(settings: Settings) -> bytes:
    """Read every key as the server would move it elsewhere, and streams entry by entry: a dump packs them."""
    found: list[bytes] = []
    async with Redis.from_url(str(settings.redis_url)) as redis:
        async for key in redis.scan_iter():
            found.append(await redis.dump(key) or b"")
            if await redis.type(key) == b"stream":
                for _, fields in await redis.xrange(key):
                    found += fields.values()
            elif await redis.type(key) == b"string":
                found.append(await redis.get(key) or b"")
    return b"\n".join(found)


@dataclass
class Writer:
    """The parts of a write process that deal with personal data, without HTTP."""

    settings: Settings
    log: PostgresEventLog
    vault: Vault
    personal: Revealer
    pool: Any

    async def shred(self, person: str) -> Shredded:
        return await shred(self.pool, person)


@asynccontextmanager
async def writer_on(settings: Settings) -> AsyncIterator[Writer]:
    connections = pool(settings, "test")
    await connections.open()
    vault = Vault(settings, connections, time.monotonic)
    appender = Appender(settings, structural_topics(), Sealer(vault))
    await vault.start()
    await appender.start()
    try:
        yield Writer(settings, PostgresEventLog(connections, appender), vault, Revealer(vault), connections)
    finally:
        await appender.stop()
        await vault.stop()
        await connections.close()
