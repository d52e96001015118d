"""All queues' workers in one process, and the duties that feed them."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from uuid import UUID

import psycopg

from domain.catalogue import event_registry
from domain.errors import Unavailable
from infra.bootstrap import WorkerSide, WriteSide
from infra.cancelling import stop_if_cancelled
from infra.postgres.queue_settings import QueueSetting, QueueSettings
from infra.queues import limits_of, queues_of
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.redis.queues import Limits
from infra.redis.streams import StreamEntry, StreamReader
from infra.settings import Settings
from projections.access import Rights
from workers.following import follow
from workers.intake import Intake
from workers.jobs.dispatching import Dispatcher, Keeper, dispatched
from workers.jobs.doing import Backoff, Doing
from workers.jobs.joblog import JobLog
from workers.jobs.ports import JobHandler
from workers.jobs.pump import Pump
from workers.jobs.telling import Telling

logger = logging.getLogger(__name__)

SETTINGS_EVERY = 1.0

HandlerMaker = Callable[[Settings, WriteSide], Mapping[str, JobHandler]]


class JobWorkers:
    """Runs jobs in this process, as long as the log keeps its epoch."""

    def __init__(
        self, settings: Settings, worker: WorkerSide, write: WriteSide, keys: Keys, make: HandlerMaker
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._keys = keys
        self._redis = redis_client(settings)
        self._queues = queues_of(settings, self._redis, keys)
        self._decided: Mapping[str, QueueSetting] = {}
        self._decisions = QueueSettings(worker.pool)
        self._jobs = JobLog(write.log)
        telling = Telling(self._redis, keys, self._queues, settings.stream_partitions)
        doing = self._doing = Doing(
            self._jobs,
            write.bus,
            Rights(write.log, time.monotonic, settings.rights_max_age_ms / 1000),
            make(settings, write),
            telling.tell,
            attempts=settings.job_attempts,
            backoff=Backoff(
                settings.job_backoff_ms / 1000,
                settings.job_backoff_max_ms / 1000,
                Random(),  # noqa: S311 - jitter, not a secret
            ),
        )
        self._pumps = [
            Pump(queue, self._jobs, doing, lambda name=name: self._limits(name))  # type: ignore[misc]
            for name, queue in self._queues.items()
        ]

    def _limits(self, name: str) -> Limits:
        return limits_of(self._settings, name, self._decided)

    async def run(self) -> None:
        """Run jobs until cancelled."""
        try:
            # Before that, a paused queue would be taken from.
            while not await self._learn():
                stop_if_cancelled()
                await asyncio.sleep(SETTINGS_EVERY)
            async with asyncio.TaskGroup() as tasks:
                for pump in self._pumps:
                    tasks.create_task(pump.run())
                tasks.create_task(self._mind_settings())
                tasks.create_task(self._hear())
        finally:
            await self._redis.aclose()

    async def drain(self) -> None:
        """Begin nothing any more, and give what runs the time that the settings give it."""
        patience = self._settings.job_drain_ms / 1000
        await asyncio.gather(*(pump.drain(patience) for pump in self._pumps))

    async def _hear(self) -> None:
        """Wake the pumps when their queue says so."""
        streams = {i: queue.wake_stream for i, queue in enumerate(self._queues.values())}

        async def heard(i: int, _: Sequence[StreamEntry]) -> None:
            self._pumps[i].wake()

        await StreamReader(self._settings, streams, heard).run()

    async def _mind_settings(self) -> None:
        while True:
            stop_if_cancelled()
            await asyncio.sleep(SETTINGS_EVERY)
            await self._learn()

    async def _learn(self) -> bool:
        """Ask what operators have decided; False if that cannot be found out now."""
        try:
            decided = await self._decisions.all()
        except (psycopg.Error, Unavailable) as away:
            logger.warning("what was decided about queues is not known: %s", away)
            return False
        if decided != self._decided:
            self._decided = decided
            for pump in self._pumps:
                pump.wake()
        return True

    async def dispatch(self, intake: Intake, partition: int) -> None:
        """Enqueue a partition's jobs, until cancelled."""
        settings = self._settings
        dispatcher = Dispatcher(
            partition, settings.stream_partitions, self._worker.database, self._jobs, self._queues
        )
        await follow(
            settings,
            self._worker.log,
            event_registry(),
            intake,
            partition=partition,
            start=await dispatcher.begin(),
            deliver=dispatcher.deliver,
            only=dispatched,
        )

    async def _expire(self, ids: Sequence[UUID]) -> None:
        await self._doing.expire_all(ids)

    async def keep(self) -> None:
        """See to it that the queues hold all that they have to, until cancelled."""
        keeper = Keeper(
            self._redis,
            self._queues,
            self._worker.database,
            self._worker.log,
            partitions=self._settings.stream_partitions,
            lease=self._settings.job_lease_ms / 1000,
            sweep=self._settings.job_sweep_ms / 1000,
            expire=self._expire,
        )
        await keeper.run()
