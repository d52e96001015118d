"""The one place where things are wired together."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from commands.bus import Bus
from commands.handlers import all_handlers
from commands.repository import Repository
from domain.errors import Unavailable
from infra.gate import Gate, gate
from infra.postgres.appender import Appender
from infra.postgres.blobs import PostgresBlobs
from infra.postgres.connections import pool
from infra.postgres.decks import PostgresDecks
from infra.postgres.epochs import EpochWatch
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.postgres.measured import MeasuredPool
from infra.postgres.personal import Revealer, Sealer
from infra.postgres.read_database import PostgresDatabase, ReplicaDatabase
from infra.postgres.snapshots import PostgresSnapshots
from infra.postgres.vault import Vault
from infra.redis.client import redis_client
from infra.redis.document_cache import DocumentCache
from infra.redis.keys import Keys
from infra.redis.measured import MeasuredRedis
from infra.settings import Settings
from infra.uploads import UploadRights
from projections.access import Rights
from projections.blocks.projector import BlocksModel
from projections.comments.projector import CommentsModel
from projections.conflicts.projector import ConflictsModel
from projections.jobs.projector import JobsModel
from projections.model import ReadModel
from projections.projects.projector import ProjectsModel
from projections.sessions.projector import SessionsModel
from projections.suggestions.projector import SuggestionsModel
from projections.themes.projector import ThemesModel
from projections.versions.projector import VersionsModel

# Seconds: how often a read that waits for the log looks at it, and how long a read waits for Redis.
REACH_EVERY = 0.05
CACHE_PATIENCE = 0.25


@dataclass(frozen=True, slots=True)
class WriteSide:
    """All that a process needs to run commands."""

    bus: Bus
    appender: Appender
    pool: MeasuredPool
    log: PostgresEventLog
    vault: Vault
    snapshots: PostgresSnapshots
    decks: PostgresDecks
    epochs: EpochWatch
    blobs: PostgresBlobs
    uploads: UploadRights

    async def start(self) -> None:
        """Open connections and begin to take requests."""
        await self.pool.open()
        await self.epochs.start()
        await self.vault.start()
        await self.snapshots.start()
        await self.appender.start()

    async def stop(self) -> None:
        """Finish what was taken, then close connections."""
        await self.appender.stop()
        await self.snapshots.stop()
        await self.vault.stop()
        await self.epochs.stop()
        await self.pool.close()


def write_gate(settings: Settings, side: WriteSide) -> Gate:
    """Wire up what stands before the write API; it is started after its side."""
    return gate(settings, side.pool, "write")


def write_side(settings: Settings) -> WriteSide:
    """Wire up the write side of a process; nothing is connected yet."""
    connections = pool(settings, "write")
    vault = Vault(settings, connections, time.monotonic)
    appender = Appender(settings, structural_topics(), Sealer(vault))
    log = PostgresEventLog(connections, appender)
    snapshots = PostgresSnapshots(connections)
    decks = PostgresDecks(connections, log)

    def repository() -> Repository:
        return Repository(
            log,
            time.monotonic,
            snapshots=snapshots,
            decks=decks,
            snapshot_every=settings.snapshot_every,
            cache_bytes=settings.aggregate_cache_mb * 2**20,
            rights_max_age=settings.rights_max_age_ms / 1000,
        )

    def begin_anew() -> None:
        # Whatever is being loaded still ends up in the old repository, where nobody looks any more.
        snapshots.forget()
        uploads.forget_all()
        bus.begin_anew(repository())

    uploads = UploadRights(Rights(log, time.monotonic, settings.rights_max_age_ms / 1000))
    bus = Bus(log, repository(), all_handlers())
    return WriteSide(
        bus=bus,
        appender=appender,
        pool=connections,
        log=log,
        vault=vault,
        snapshots=snapshots,
        decks=decks,
        epochs=EpochWatch(settings, connections, begin_anew),
        blobs=PostgresBlobs(connections, settings.blob_dir),
        uploads=uploads,
    )


@dataclass(slots=True)
class WorkerSide:
    """All that background duties need."""

    log: PostgresEventLog
    database: PostgresDatabase
    redis: MeasuredRedis
    models: tuple[ReadModel, ...]
    pool: MeasuredPool

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
    return (
        ProjectsModel(),
        BlocksModel(),
        CommentsModel(),
        VersionsModel(),
        ThemesModel(),
        SessionsModel(),
        ConflictsModel(),
        SuggestionsModel(),
        JobsModel(),
    )


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


@dataclass(frozen=True, slots=True)
class ReadSide:
    """All that a process needs to answer queries, but what lives in the read API itself."""

    log: PostgresEventLog
    database: PostgresDatabase
    redis: MeasuredRedis
    cache: DocumentCache
    rights: Rights
    gate: Gate
    pool: MeasuredPool
    vault: Vault
    personal: Revealer
    decks: PostgresDecks
    # Where read tables are read if it is as far as is needed; `database` is the primary.
    replica: ReplicaDatabase | None
    blobs: PostgresBlobs

    async def start(self) -> None:
        """Open connections."""
        await self.pool.open()
        await self.gate.start()
        await self.vault.start()
        if self.replica is not None:
            await self.replica.start()

    async def stop(self) -> None:
        """Close connections."""
        if self.replica is not None:
            await self.replica.stop()
        await self.vault.stop()
        await self.gate.stop()
        await self.redis.aclose()
        await self.pool.close()

    @staticmethod
    def keys(epoch: UUID) -> Keys:
        """Return the Redis keys of an epoch."""
        return Keys.of(epoch)

    async def reach(self, position: int, patience: float) -> int:
        """Wait until the log has reached a position, and return its head.

        Raises:
            Unavailable: it has not within `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while (head := (await self.log.head())[0]) < position:
            if time.monotonic() >= deadline:
                raise Unavailable(f"position {position} has not been reached yet; it is {head}")
            await asyncio.sleep(REACH_EVERY)
        return head


def read_side(settings: Settings) -> ReadSide:
    """Wire up what queries need; nothing is connected yet."""
    connections = pool(settings, "read")
    log = PostgresEventLog(connections)
    redis = redis_client(settings, patience=CACHE_PATIENCE)
    vault = Vault(settings, connections, time.monotonic)
    database = PostgresDatabase(connections)
    replica = settings.replica_dsn
    near = pool(settings, "read replica", replica) if replica else None
    return ReadSide(
        log=log,
        database=database,
        redis=redis,
        cache=DocumentCache(redis, time.monotonic),
        rights=Rights(log, time.monotonic, settings.rights_max_age_ms / 1000),
        gate=gate(settings, connections, "read"),
        pool=connections,
        vault=vault,
        personal=Revealer(vault),
        decks=PostgresDecks(connections, log),
        replica=ReplicaDatabase(near, database, time.monotonic) if near else None,
        blobs=PostgresBlobs(connections, settings.blob_dir),
    )
