"""From the log into the queues. What queues hold can be told from the log at any time.

A dispatcher a partition follows the log, and enqueues what it sees being asked for. The keeper sees to it that
a queue holds all that it has to: before Redis has been filled again, nothing is taken from it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from redis.asyncio import Redis

from domain.catalogue import event_registry
from domain.events import Recorded
from domain.job import (
    JobCancelled,
    JobExpired,
    JobRequested,
    JobRequeued,
    JobState,
    OutlineApproved,
)
from infra.cancelling import stop_if_cancelled
from infra.postgres.event_log import PostgresEventLog
from infra.redis.queues import RedisQueue, Ticket
from projections import checkpoints
from projections.jobs import queries
from projections.jobs.rows import JobRow
from projections.partitions import partition_of
from projections.ports import Database
from workers.jobs.joblog import JobLog, millis
from workers.jobs.pump import BEATS

logger = logging.getLogger(__name__)

PAGE = 1_000
# Seconds: how often it is looked whether Redis has lost its data, how long the read model is waited for then,
# and how long a job has to have been left alone for a sweep to look at it.
LOOK_EVERY = 0.5
PATIENCE = 10.0
UNTOUCHED = 10.0

Queues = Mapping[str, RedisQueue]


def ticket_of(row: JobRow) -> tuple[Ticket, int]:
    """Return what a job's queue has to know of it, and when it is due."""
    expires = millis(row.expires_at) if row.expires_at else 0
    since = millis(row.created_at)
    ticket = Ticket(row.job_id, row.version, row.priority, since, expires, row.requested_by)
    return ticket, millis(row.due_at) if row.due_at else 0


class Dispatcher:
    """Enqueues a partition's jobs."""

    def __init__(
        self, partition: int, partitions: int, database: Database, log: JobLog, queues: Queues
    ) -> None:
        self._partition = partition
        self._partitions = partitions
        self._database = database
        self._log = log
        self._queues = queues

    async def begin(self) -> int:
        """Enqueue what is open by the read model, and return the position from which on to follow the log."""
        async with self._database.session() as session:
            # First the position: the rows are as late at least.
            position = await checkpoints.of(session, "jobs", self._partition)
        for queue in self._queues.values():
            await fill(queue, self._database, lambda row: self._is_mine(row.project_id))
        return position

    def _is_mine(self, project_id: UUID) -> bool:
        return partition_of(project_id, self._partitions) == self._partition

    async def deliver(self, events: Sequence[Recorded], _: int) -> None:
        """Enqueue what was asked for, approved or requeued; take out what was cancelled."""
        wanted = [r.event.originator_id for r in events if isinstance(r.event, _WANTED)]
        ended = [r.event.originator_id for r in events if isinstance(r.event, JobCancelled | JobExpired)]
        if not wanted and not ended:
            return
        known = await self._log.load({*wanted, *ended})
        for name, queue in self._queues.items():
            mine = {i: k for i, k in known.items() if k.job.queue == name}
            # As they are now, which may be further on than the event: what has ended is not enqueued.
            await queue.enqueue(
                [(mine[i].ticket, mine[i].due) for i in wanted if i in mine and _waits(mine[i].job.state)]
            )
            if over := [i for i in ended if i in mine]:
                await queue.cancel(over)


_WANTED = JobRequested | OutlineApproved | JobRequeued
_TOPICS = frozenset(
    topic
    for topic, kind in event_registry().types.items()
    if issubclass(kind, _WANTED | JobCancelled | JobExpired)
)


def dispatched(topic: str) -> bool:
    """Tell whether a dispatcher has to see events of a topic."""
    return topic in _TOPICS


def _waits(state: JobState) -> bool:
    return state in (JobState.REQUESTED, JobState.QUEUED)


async def fill(
    queue: RedisQueue, database: Database, wanted: Callable[[JobRow], bool] = lambda _: True
) -> int:
    """Enqueue a queue's open jobs by the read model; return how many it did not know."""
    added, after = 0, 0
    while True:
        async with database.session() as session:
            rows = await queries.open_jobs(session, queue.name, after, PAGE)
        some = [r for r in rows if r.state != JobState.AWAITING_APPROVAL and wanted(r)]
        added += await queue.enqueue(map(ticket_of, some))
        if len(rows) < PAGE:
            return added
        after = rows[-1].requested


class Keeper:
    """Sees to it that the queues hold all that they have to.

    Args:
        lease: seconds within which every living worker says what it has under way, or gives it up.
        sweep: seconds between two looks for jobs that a queue does not know of.
        expire: ends jobs whose time is over.
    """

    def __init__(
        self,
        redis: Redis,
        queues: Queues,
        database: Database,
        log: PostgresEventLog,
        *,
        partitions: int,
        lease: float,
        sweep: float,
        expire: Callable[[Sequence[UUID]], Awaitable[None]],
    ) -> None:
        self._redis = redis
        self._queues = queues
        self._database = database
        self._log = log
        self._partitions = partitions
        self._lease = lease
        self._sweep = sweep
        self._expire = expire

    async def run(self) -> None:
        """Look after the queues until cancelled.

        Raises:
            RedisError, psycopg.Error: a server is away; whoever runs this starts it again.
        """
        loop = asyncio.get_running_loop()
        swept = loop.time()
        while True:
            stop_if_cancelled()
            life = await self._life()
            empty = [q for q in self._queues.values() if await q.armed() != life]
            if empty:
                await self._fill(empty, life)
            if loop.time() - swept > self._sweep:
                await self._look()
                swept = loop.time()
            await asyncio.sleep(LOOK_EVERY)

    async def _life(self) -> str:
        return str(cast("dict[str, object]", await self._redis.info("server"))["run_id"])

    async def _fill(self, queues: Sequence[RedisQueue], life: str) -> None:
        """Fill queues that may lack something, and let them be used again.

        First the workers say what they have under way, so that what runs is not run twice at once. Who could
        not say so within a lease has given it up; where nothing runs, there is nothing to wait for.
        """
        logger.info("filling the queues %s", ", ".join(q.name for q in queues))
        fillings = [(queue, await queue.disarm()) for queue in queues]
        await asyncio.sleep(2 * self._lease / BEATS)
        head, _ = await self._log.head()
        await self._reach(head)
        if await self._any_running(queues):
            await asyncio.sleep(self._lease * (1 - 2 / BEATS))
        for queue, filling in fillings:
            added = await fill(queue, self._database)
            if not await queue.arm(life, filling):
                logger.warning("queue %s was lost while it was filled", queue.name)
            elif added:
                logger.info("queue %s got %d jobs again", queue.name, added)

    async def _any_running(self, queues: Sequence[RedisQueue]) -> bool:
        async with self._database.session() as session:
            return any([await queries.running(session, queue.name) for queue in queues])

    async def _reach(self, head: int) -> None:
        """Wait until the read model has all that was asked for up to now; dispatchers have what comes later."""
        try:
            async with asyncio.timeout(PATIENCE):
                for partition in range(self._partitions):
                    while True:
                        async with self._database.session() as session:
                            if await checkpoints.of(session, "jobs", partition) >= head:
                                break
                        await asyncio.sleep(0.02)
        except TimeoutError:
            logger.warning("the jobs read model is behind; later sweeps find what it lacks")

    async def _look(self) -> None:
        """Enqueue what was overlooked, and end what waits for approval beyond its time."""
        before = datetime.now(UTC) - timedelta(seconds=UNTOUCHED)
        for queue in self._queues.values():
            if added := await fill(queue, self._database, lambda row: row.updated_at < before):
                logger.warning("queue %s did not know of %d jobs", queue.name, added)
            # These are in no queue, for it is a person's turn.
            async with self._database.session() as session:
                overdue = await queries.unapproved(session, queue.name, PAGE)
            if overdue:
                await self._expire(overdue)
