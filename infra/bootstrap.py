"""The one place where things are wired together."""

import time
from dataclasses import dataclass

from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from commands.bus import Bus
from commands.handlers import all_handlers
from commands.repository import Repository
from infra.http.auth import Authenticator
from infra.postgres.appender import Appender
from infra.postgres.connections import Connection, pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.postgres.read_database import PostgresDatabase
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.settings import Settings
from projections.blocks.projector import BlocksModel
from projections.model import ReadModel
from projections.projects.projector import ProjectsModel


@dataclass(frozen=True, slots=True)
class WriteSide:
    """All that a process needs to run commands."""

    bus: Bus
    authenticator: Authenticator
    appender: Appender
    pool: AsyncConnectionPool[Connection]
    log: PostgresEventLog

    async def start(self) -> None:
        """Open connections and begin to take requests."""
        await self.pool.open()
        await self.appender.start()

    async def stop(self) -> None:
        """Finish what was taken, then close connections."""
        await self.appender.stop()
        await self.pool.close()


def write_side(settings: Settings) -> WriteSide:
    """Wire up the write side of a process; nothing is connected yet."""
    connections = pool(settings, "write")
    appender = Appender(settings, structural_topics())
    log = PostgresEventLog(connections, appender)
    repository = Repository(log, time.monotonic, rights_max_age=settings.rights_max_age_ms / 1000)
    return WriteSide(
        bus=Bus(log, repository, all_handlers()),
        authenticator=Authenticator(settings.jwt_secret, time.time),
        appender=appender,
        pool=connections,
        log=log,
    )


@dataclass(slots=True)
class WorkerSide:
    """All that background duties need."""

    log: PostgresEventLog
    database: PostgresDatabase
    redis: Redis
    models: tuple[ReadModel, ...]
    pool: AsyncConnectionPool[Connection]

    async def start(self) -> None:
        """Open connections."""
        await self.pool.open()

    async def stop(self) -> None:
        """Close connections."""
        await self.redis.aclose()
        await self.pool.close()

    async def keys(self) -> Keys:
        """Return the Redis keys of the log's present epoch."""
        _, epoch = await self.log.head()
        return Keys.of(epoch)


def read_models() -> tuple[ReadModel, ...]:
    """Return all read models."""
    return (ProjectsModel(), BlocksModel())


def worker_side(settings: Settings) -> WorkerSide:
    """Wire up what background duties need; nothing is connected yet."""
    connections = pool(settings, "workers")
    return WorkerSide(
        log=PostgresEventLog(connections),
        database=PostgresDatabase(connections),
        redis=redis_client(settings),
        models=read_models(),
        pool=connections,
    )
