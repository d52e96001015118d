"""Attempts: begun and ended in the log, and whatever comes in between."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from commands.bus import Bus
from commands.messages import RequestExport, RequestGeneration, RequestImage, RequestThinking
from domain.errors import DomainError, Unavailable
from domain.job import Job, JobEvent, JobState
from domain.job.aggregate import DRAINED
from domain.roles import Role
from infra.redis.queues import Settlement
from projections.access import Rights
from workers.jobs.context import Attempt, Tell
from workers.jobs.joblog import JobLog, Known, Overtaken, machine
from workers.jobs.ports import FinalError, JobHandler, RetryableError

logger = logging.getLogger(__name__)

# What a person needs to have such a job run, when it begins as when it was asked for.
NEEDED: Mapping[str, Role | None] = {
    "generation": RequestGeneration.REQUIRES,
    "thinking": RequestThinking.REQUIRES,
    "image": RequestImage.REQUIRES,
    "export": RequestExport.REQUIRES,
}
# Seconds between two tries to write down how an attempt ended, while the log is away.
PAUSE = 0.5
MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Backoff:
    """When to try again: anywhere up to a bound that doubles (full jitter). Times are in seconds."""

    first: float
    longest: float
    random: Random

    def delay(self, tries: int, least: float | None = None) -> float:
        """Return the seconds to wait after so many tries, `least` of them at least."""
        bound = min(self.longest, self.first * 2.0 ** min(tries - 1, 30))
        return max(self.random.uniform(0, bound), least or 0.0)


class Doing:
    """Carries attempts out.

    Args:
        attempts: how many a job has.
        handlers: by queue; without one, its jobs fail as `unsupported`.
        now: seconds since 1970.
    """

    def __init__(
        self,
        log: JobLog,
        bus: Bus,
        rights: Rights,
        handlers: Mapping[str, JobHandler],
        tell: Tell,
        *,
        attempts: int,
        backoff: Backoff,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._bus = bus
        self._rights = rights
        self._handlers = handlers
        self._tell = tell
        self._attempts = attempts
        self._backoff = backoff
        self._now = now

    async def attempt(self, known: Known, token: str) -> Settlement:
        """Make one attempt, and say what its queue has to do with the job then."""
        job = known.job
        try:
            return await self._attempt(known, token)
        except Overtaken as overtaken:
            # Another attempt has it now, or it was ended: the queue learns which when it hands it out again.
            logger.info("%s", overtaken)
            return Settlement(job.id, token, "again")

    async def _attempt(self, known: Known, token: str) -> Settlement:
        job = known.job
        if job.state.ended or job.state is JobState.AWAITING_APPROVAL:
            return Settlement(job.id, token, "done", job.version)
        if (hopeless := await self._hopeless(known)) is not None:
            return await self._end(job, token, hopeless)
        job = await self._write(job, job.start())
        attempt = Attempt(job, known.requester, self._bus, self._log, self._tell)
        try:
            result = await self._handler(job.queue).run(attempt)
        except Overtaken:
            raise
        except RetryableError as error:
            return await self._again(job, token, error.code, str(error), error.after)
        except Unavailable as error:
            return await self._again(job, token, error.code, error.detail, error.retry_after)
        except (FinalError, DomainError) as error:
            return await self._end(job, token, job.fail(error.code, _short(error)))
        except Exception as error:
            logger.exception("job %s failed", job.id)
            return await self._again(job, token, "internal", f"{type(error).__name__}: {error}", None)
        if attempt.proposed is not None:
            return Settlement(job.id, token, "done", attempt.proposed.version)
        return await self._end(job, token, job.succeed(result or {}))

    def _handler(self, queue: str) -> JobHandler:
        handler = self._handlers.get(queue)
        if handler is None:
            raise FinalError("unsupported", f"nothing here does jobs of the kind {queue}")
        return handler

    async def _hopeless(self, known: Known) -> JobEvent | None:
        """Return how a job ends that is not to be begun (again), None if it is."""
        job = known.job
        if job.tries >= self._attempts:
            # Each began, and none came to an end: their workers died, perhaps of it.
            return job.fail("worker-lost", f"its worker ended {job.tries} times without a word")
        refused = await self._refusal(known)
        return None if refused is None else job.fail("forbidden", refused)

    async def _refusal(self, known: Known) -> str | None:
        """Return why whoever asked for the job may not have it any more, None if they may."""
        needed = NEEDED.get(known.job.queue)
        if needed is None:
            return None
        role = await self._rights.role(known.job.project_id, known.requester)
        if role is None:
            return f"{known.requester} is no member of the project any more"
        if role < needed:
            return f"{known.requester} is {role.label}, and this needs the role {needed.label}"
        return None

    async def _again(self, job: Job, token: str, code: str, message: str, least: float | None) -> Settlement:
        """Have another attempt, or end it with the reason of the last."""
        message = message[:MESSAGE_LENGTH]
        if job.tries >= self._attempts:
            return await self._end(job, token, job.fail(code, message))
        delay = round(self._backoff.delay(job.tries, least), 3)
        after = await self._write(job, job.retry(code, message, delay))
        due = int((self._now() + delay) * 1000)
        return Settlement(job.id, token, "again", after.version, due)

    async def _end(self, job: Job, token: str, event: JobEvent) -> Settlement:
        after = await self._write(job, event)
        return Settlement(job.id, token, "done", after.version)

    async def _write(self, job: Job, event: JobEvent) -> Job:
        """Write an event as soon as the log takes it; the lease is kept meanwhile."""
        while True:
            try:
                return await self._log.append(job, event, machine(job.queue))
            except Unavailable as away:
                logger.warning("job %s: %s", job.id, away.detail)
                await asyncio.sleep(PAUSE)

    async def drained(self, known: Known) -> None:
        """Write down that an attempt was broken off because its worker ends: it is no fault of the job."""
        job = (await self._log.load([known.job.id]))[known.job.id].job
        if job.state is JobState.RUNNING:
            event = job.retry(DRAINED, "its worker was told to end", 0.0)
            await self._log.append(job, event, machine(job.queue))

    async def expire_all(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """End jobs that waited until their time was over; return the versions that their streams have then.

        What somebody else wrote to meanwhile is left out: it is looked at again.
        """
        versions: dict[UUID, int] = {}
        for job_id, known in (await self._log.load(ids)).items():
            try:
                versions[job_id] = await self.expire(known)
            except Overtaken as overtaken:
                logger.info("%s", overtaken)
        return versions

    async def expire(self, known: Known) -> int:
        """End a job that waited until its time was over; return the version that its stream has then."""
        job = known.job
        # Also one that runs by the log: its lease is over, and an attempt that still goes on is fenced off.
        return job.version if job.state.ended else (await self._write(job, job.expire())).version


def _short(error: BaseException) -> str:
    return str(error)[:MESSAGE_LENGTH]
