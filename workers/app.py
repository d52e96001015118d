"""The worker process: duties, each on one process at a time by lease, and jobs, on all processes at once."""

import asyncio
import functools
import logging
import signal
from datetime import timedelta

import psycopg

from domain.catalogue import event_registry
from domain.errors import Unavailable
from infra.bootstrap import WorkerSide, WriteSide, worker_side, write_side
from infra.cancelling import end, stop_if_cancelled
from infra.http.operations import Operations
from infra.postgres.command_results import CommandResults
from infra.postgres.keyframe_progress import KeyframeProgress
from infra.postgres.keyframes import Keyframes
from infra.postgres.leases import Duty, Leases
from infra.postgres.listener import listen
from infra.redis.keys import Keys
from infra.redis.publisher import StreamPublisher
from infra.runtime import settle_memory
from infra.settings import Settings
from infra.telemetry.wiring import beside
from projections import checkpoints, requests
from projections.model import versions_tag
from projections.runner import Runner
from workers.broadcaster import Broadcaster
from workers.following import follow
from workers.intake import Intake
from workers.janitor import Janitor
from workers.jobs import registry
from workers.jobs.running import HandlerMaker, JobWorkers
from workers.keyframing import Keyframer
from workers.metrics import WorkerMetrics
from workers.rebuilder import Rebuilder
from workers.relay import Relay
from workers.sessions import Sessions

logger = logging.getLogger(__name__)

LOG_CHANNEL = "decklog_log"
# Seconds: how often the log is asked for its epoch.
EPOCH_EVERY = 1.0
# Seconds between two transactions of a projector while there is more to fold: each costs as much as some 20 events.
FOLD_EVERY = 0.03


class NewEpoch(Exception):
    """The log was restored, or failed over with a loss."""


class Workers:
    """All background duties of one process, and its share of the jobs.

    Args:
        handlers: makes what does the jobs, by queue.
    """

    def __init__(self, settings: Settings, handlers: HandlerMaker = registry.handlers) -> None:
        self._settings = settings
        self._handlers = handlers
        self._side: WorkerSide = worker_side(settings)
        self._write: WriteSide = write_side(settings)
        self._jobs: JobWorkers | None = None
        self._metrics = WorkerMetrics(settings, self._side, self._write).metrics
        self.operations = Operations(
            "workers", self._side.log, self._side.pool, self._metrics, redis=self._side.redis
        )
        self._wake = asyncio.Event()
        self._wanted = asyncio.Event()
        self._versions = versions_tag(self._side.models)

    async def run(self) -> None:
        """Do duties until cancelled; begin anew when the log has another epoch."""
        await self._side.start()
        await self._write.start()
        try:
            async with beside(self._settings, self._metrics, self.operations):
                await self._do_duties_by_epoch()
        finally:
            await self._write.stop()
            await self._side.stop()

    async def _do_duties_by_epoch(self) -> None:
        while True:
            try:
                await self._do_duties()
            except* NewEpoch:
                logger.warning("the log has another epoch: all duties begin anew")

    async def drain(self) -> None:
        """Begin no job any more, and let those under way end, as long as the settings give them time."""
        self.operations.draining = True
        if self._jobs is not None:
            await self._jobs.drain()

    async def _known_keys(self) -> Keys:
        while True:
            try:
                return await self._side.keys()
            except (psycopg.Error, Unavailable) as away:
                logger.warning("the log's epoch is not known: %s", away)
            stop_if_cancelled()
            await asyncio.sleep(EPOCH_EVERY)

    async def _do_duties(self) -> None:
        keys = await self._known_keys()
        jobs = self._jobs = JobWorkers(self._settings, self._side, self._write, keys, self._handlers)
        duties: dict[str, Duty] = {"janitor": self._sweep, "keyframes": self._keyframe}
        duties["rebuilder"] = self._rebuild
        duties["queues"] = jobs.keep
        partitions = range(self._settings.stream_partitions)
        intake = Intake(self._settings, event_registry(), [keys.log_stream(k) for k in partitions])
        duties["relay"] = functools.partial(self._relay, intake)
        for k in partitions:
            # Releases that fold by other versions work side by side, each on what is its own.
            duties[f"projector:{k}:{self._versions}"] = functools.partial(self._project, intake, k)
            duties[f"broadcaster:{k}"] = functools.partial(self._broadcast, intake, k)
            duties[f"sessions:{k}"] = functools.partial(self._keep_sessions, k)
            duties[f"dispatcher:{k}"] = functools.partial(jobs.dispatch, intake, k)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(intake.run())
            tasks.create_task(listen(self._settings, LOG_CHANNEL, lambda _: self._wake.set()))
            tasks.create_task(listen(self._settings, requests.CHANNEL, lambda _: self._wanted.set()))
            tasks.create_task(Leases(self._settings, duties).run())
            tasks.create_task(self._mind_epoch(keys))
            tasks.create_task(jobs.run())

    async def _mind_epoch(self, keys: Keys) -> None:
        """End when the log gets another epoch: every duty holds Redis keys of the one that it began in."""
        while True:
            try:
                now = await self._side.keys()
            except (psycopg.Error, Unavailable) as away:
                logger.warning("the log's epoch is not known: %s", away)
            else:
                if now != keys:
                    raise NewEpoch
            stop_if_cancelled()
            await asyncio.sleep(EPOCH_EVERY)

    def _publisher(self, key: str) -> StreamPublisher:
        return StreamPublisher(self._side.redis, key, self._settings.stream_max_length)

    async def _relay(self, intake: Intake) -> None:
        keys = await self._side.keys()
        names = [m.name for m in self._side.models]

        async def slowest(partition: int) -> int:
            async with self._side.database.session() as session:
                return await checkpoints.slowest(session, partition, names)

        relay = Relay(
            self._side.log,
            [self._publisher(keys.log_stream(k)) for k in range(self._settings.stream_partitions)],
            self._wake,
            slowest,
            self._settings.relay_heartbeat_ms / 1000,
            hand=intake.hand,
        )
        with intake.relayed():
            await relay.run()

    async def _sweep(self) -> None:
        retention = timedelta(hours=self._settings.idempotency_retention_hours)
        await Janitor(CommandResults(self._side.pool).sweep, retention).run()

    async def _keyframe(self) -> None:
        every, pool = self._settings.keyframe_every, self._side.pool
        await Keyframer(self._side.log, Keyframes(pool), KeyframeProgress(pool, every), every).run()

    async def _rebuild(self) -> None:
        await Rebuilder(self._settings, self._side.database, self._side.models, self._wanted).run()

    async def _project(self, intake: Intake, partition: int) -> None:
        partitions = self._settings.stream_partitions
        runner = Runner(self._side.models, self._side.database, partition, self._side.log, partitions)
        following = follow(
            self._settings,
            self._side.log,
            event_registry(),
            intake,
            partition=partition,
            start=await runner.position(),
            deliver=runner.deliver,
            every=float(__import__("os").environ.get("FOLD", "0.04")),
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(following)
            tasks.create_task(runner.tend())

    async def _keep_sessions(self, partition: int) -> None:
        sessions = Sessions(
            self._side.redis,
            await self._side.keys(),
            self._write.log,
            self._side.database,
            partition=partition,
            partitions=self._settings.stream_partitions,
            at_once=self._settings.collaboration_concurrency,
        )
        await sessions.run()

    async def _broadcast(self, intake: Intake, partition: int) -> None:
        keys = await self._side.keys()
        publisher = self._publisher(keys.live_stream(partition))
        top = await publisher.top()
        # Without a live stream nobody misses the past: gateways read that from the log.
        start, previous = top or ((await self._side.log.head())[0],) * 2
        await follow(
            self._settings,
            self._side.log,
            event_registry(),
            intake,
            partition=partition,
            start=start,
            deliver=Broadcaster(publisher, previous).deliver,
        )


async def serve(settings: Settings) -> None:
    """Run the workers until SIGTERM or SIGINT."""
    settle_memory()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    workers = Workers(settings)
    work = asyncio.create_task(workers.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if work.done():
        work.result()
    await workers.drain()
    await end(work, everything=True)
