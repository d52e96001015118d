"""Jobs that do nothing, through a queue with all its guarantees: limits, leases, and each attempt in the log."""

import asyncio
import time
from contextlib import AsyncExitStack
from uuid import uuid4

from commands.ports import Append, EventWrite, StreamWrite
from domain.job import JobSucceeded, ThinkingRequested
from domain.project import ProjectCreated
from infra.bootstrap import WriteSide, write_side
from infra.postgres.queue_settings import QueueSettings
from infra.queues import queues_of
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.bench.part import part

JOBS_A_SECOND = 3_000
AT_ONCE = 1_000
RATE = 6_000_000
PATIENCE = 120.0
# What another queue's worker does on this kind of machine: BullMQ's, whose jobs are in Redis alone.
ONE = Budget("1 worker process", "BullMQ's 6,800/s", 2_000, 7_000, absolute=True)
TWO = Budget("2 worker processes", "BullMQ's 6,800/s", 2_000, 7_000, absolute=True)
USER = "ada"


def _settings(settings: Settings) -> dict[str, object]:
    return {
        "database_url": settings.dsn,
        "redis_url": str(settings.redis_url),
        "jwt_secret": settings.jwt_secret,
        "person_key_secret": settings.person_key_secret,
        "thinking_queue_concurrency": AT_ONCE,
        # High, but there: each job passes both limits.
        "job_rate": RATE,
        "job_rate_per_user": RATE,
    }


async def _ask(side: WriteSide, jobs: int) -> None:
    project = uuid4()
    created = ProjectCreated(
        originator_id=project, originator_version=1, title="A", owner=USER, aspect="16:9", theme_id=None
    )
    await side.log.append(_append(created, project))

    async def ask() -> None:
        event = ThinkingRequested(
            originator_id=uuid4(),
            originator_version=1,
            project_id=str(project),
            priority=5,
            ttl=3_600,
            instruction=None,
        )
        await side.log.append(_append(event, project))

    for i in range(0, jobs, AT_ONCE):
        await asyncio.gather(*(ask() for _ in range(min(AT_ONCE, jobs - i))))


def _append(event: ProjectCreated | ThinkingRequested, project: object) -> Append:
    command = uuid4()
    return Append(
        caller=USER,
        command_id=command,
        request_hash=b"",
        status=202,
        body=b"{}",
        metadata={"actor": {"id": USER, "kind": "person"}},
        writes=(StreamWrite(event.originator_id, project, 0),),  # type: ignore[arg-type]  # a UUID
        events=(EventWrite(0, event, command),),
        keyed=False,
    )


async def measure(settings: Settings, jobs: int, processes: int) -> Measured:
    """Let jobs wait, then time them from the first that begins to the last that ends."""
    side = write_side(settings)
    await side.start()
    decisions = QueueSettings(side.pool)
    try:
        await decisions.pause("thinking", paused=True)
        await _ask(side, jobs)
        async with AsyncExitStack() as stack:
            for _ in range(processes):
                each = await stack.enter_async_context(part("labourers", {"settings": _settings(settings)}))
                await each.hear(PATIENCE)
            await _waiting(settings, side, jobs)
            await decisions.pause("thinking", paused=False)
            return await _all_done(side, jobs)
    finally:
        await side.stop()


async def _waiting(settings: Settings, side: WriteSide, jobs: int) -> None:
    _, epoch = await side.log.head()
    deadline = time.monotonic() + PATIENCE
    async with redis_client(settings) as redis:
        queue = queues_of(settings, redis, Keys.of(epoch))["thinking"]
        while (await queue.depth()).ready < jobs:
            if time.monotonic() > deadline:
                raise TimeoutError("the jobs were not dispatched")
            await asyncio.sleep(0.2)


async def _all_done(side: WriteSide, jobs: int) -> Measured:
    deadline = time.monotonic() + PATIENCE
    while True:
        async with side.pool.connection() as connection:
            cursor = await connection.execute(
                "select count(*) filter (where topic = %s),"
                " extract(epoch from max(recorded_at) - min(recorded_at))::float8 from stored_events"
                " where topic like 'decklog.job.%%' and originator_version > 1",
                (JobSucceeded.TOPIC,),
            )
            [(done, seconds)] = await cursor.fetchall()
        if done == jobs:
            return {"rate": jobs / seconds, "seconds": seconds}
        if time.monotonic() > deadline:
            raise TimeoutError(f"{done} of {jobs} jobs were done")
        await asyncio.sleep(0.5)


async def _run(stage: Stage) -> None:
    async def told() -> Measured:
        return {"rate": 6_800.0}

    for budget, processes in ((ONE, 1), (TWO, 2)):

        async def ours(processes: int = processes) -> Measured:
            async with stage.servers.database() as settings:
                return await measure(settings, JOBS_A_SECOND * stage.options.seconds, processes)

        await stage.compare([budget], told, ours)


BENCH = Bench("jobs", "jobs that do nothing, through a queue with all guarantees", (ONE, TWO), _run)
