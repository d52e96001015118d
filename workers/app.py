"""The worker process: relay, projectors and broadcasters, each on one process at a time by lease."""

import asyncio
import functools
import logging
import signal

from domain.catalogue import event_registry
from infra.bootstrap import WorkerSide, worker_side
from infra.postgres.leases import Duty, Leases
from infra.postgres.listener import listen
from infra.redis.publisher import StreamPublisher
from infra.settings import Settings
from projections import checkpoints
from projections.runner import Runner
from workers.broadcaster import Broadcaster
from workers.following import follow
from workers.relay import Relay

logger = logging.getLogger(__name__)

LOG_CHANNEL = "decklog_log"


class Workers:
    """All background duties of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._side: WorkerSide = worker_side(settings)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Do duties until cancelled."""
        await self._side.start()
        try:
            duties: dict[str, Duty] = {"relay": self._relay}
            for k in range(self._settings.stream_partitions):
                duties[f"projector:{k}"] = functools.partial(self._project, k)
                duties[f"broadcaster:{k}"] = functools.partial(self._broadcast, k)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(listen(self._settings, LOG_CHANNEL, lambda _: self._wake.set()))
                tasks.create_task(Leases(self._settings, duties).run())
        finally:
            await self._side.stop()

    def _publisher(self, key: str) -> StreamPublisher:
        return StreamPublisher(self._side.redis, key, self._settings.stream_max_length)

    async def _relay(self) -> None:
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
        )
        await relay.run()

    async def _project(self, partition: int) -> None:
        keys = await self._side.keys()
        runner = Runner(self._side.models, self._side.database, partition)
        await follow(
            self._settings,
            self._side.log,
            event_registry(),
            key=keys.log_stream(partition),
            partition=partition,
            group="projector",
            start=await runner.position(),
            deliver=runner.deliver,
        )

    async def _broadcast(self, partition: int) -> None:
        keys = await self._side.keys()
        publisher = self._publisher(keys.live_stream(partition))
        top = await publisher.top()
        # Without a live stream nobody misses the past: gateways read that from the log.
        start, previous = top or ((await self._side.log.head())[0],) * 2
        await follow(
            self._settings,
            self._side.log,
            event_registry(),
            key=keys.log_stream(partition),
            partition=partition,
            group="broadcaster",
            start=start,
            deliver=Broadcaster(publisher, previous).deliver,
        )


async def serve(settings: Settings) -> None:
    """Run the workers until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    work = asyncio.create_task(Workers(settings).run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if work.done():
        work.result()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
