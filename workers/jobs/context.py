"""One attempt at one job, as its handler sees it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any
from uuid import uuid5

import orjson

from commands.bus import Bus, FailedInBatch, Request
from commands.messages import Command
from commands.ports import Caller
from domain.errors import AlreadyExists, VersionConflict
from domain.job import Job
from workers.jobs.joblog import JobLog, machine

REFUSED = 300
# Seconds between two words on how far a job is.
EVERY = 0.1

# Tells how far a job is: job, done, total, message.
Tell = Callable[[Job, int, int, str], Awaitable[None]]


class Attempt:
    """Implements `workers.jobs.ports.JobContext`."""

    def __init__(self, job: Job, requester: str, bus: Bus, log: JobLog, tell: Tell) -> None:
        self._job = job
        self._bus = bus
        self._log = log
        self._tell = tell
        self._caller = Caller(machine(job.queue), "machine", job_id=job.id, on_behalf_of=requester)
        self._told = float("-inf")
        self.proposed: Job | None = None

    @property
    def job(self) -> Job:
        """The job as it was when the attempt began."""
        return self._job

    async def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell live readers how far it is; what comes too soon after the last word is left out."""
        now = asyncio.get_running_loop().time()
        if done < total and now - self._told < EVERY:
            return
        self._told = now
        await self._tell(self._job, done, total, message)

    async def run(self, name: str, *commands: Command) -> Mapping[str, Any]:
        """Run commands atomically, as a batch: the answer is `{"position", "results": [answer, ...]}`.

        A repeat under the same name gets the first answer, whatever the commands are by then: a model may
        say the same thing otherwise the second time.

        Raises:
            DomainError: refused.
        """
        key = uuid5(self._job.id, name)
        request = Request(self._caller, key, sha256(name.encode()).digest(), commands, batch=True)
        try:
            answer = await self._bus.run(request)
        except FailedInBatch as failed:
            raise failed.error from failed
        document: dict[str, Any] = orjson.loads(answer.body)
        if answer.status >= REFUSED:
            kind = AlreadyExists if document["code"] == AlreadyExists.code else VersionConflict
            raise kind(document.get("detail", "refused"))
        return document

    async def propose(self, outline: Mapping[str, Any]) -> None:
        """Propose an outline; the attempt ends with it.

        Raises:
            Overtaken: the job has gone on without this attempt.
        """
        event = self._job.propose(outline)
        self.proposed = await self._log.append(self._job, event, self._caller.user)
