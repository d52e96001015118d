"""What workers read and write of jobs in the log. The version of a job's stream is what fences attempts off."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from commands.ports import Append, Appended, EventWrite, Mismatch, StreamWrite
from domain.job import Job, JobEvent, JobRequeued, JobState
from infra.postgres.event_log import PostgresEventLog
from infra.redis.queues import Ticket


class Overtaken(Exception):
    """The job's stream went on: a later attempt began, or somebody ended the job."""


@dataclass(frozen=True, slots=True)
class Known:
    """A job as the log has it. `expires` is when it may not begin any more."""

    job: Job
    requester: str
    requested_at: datetime
    expires: datetime | None

    @property
    def ticket(self) -> Ticket:
        """What the job's queue has to know of it."""
        return Ticket(
            self.job.id,
            self.job.version,
            self.job.request.priority,
            millis(self.requested_at),
            millis(self.expires) if self.expires else 0,
            self.requester,
        )

    @property
    def due(self) -> int:
        """Before when a job that has not begun yet may not begin, in milliseconds since 1970; 0: at any time."""
        delay = self.job.request.delay
        if not delay or self.job.state is not JobState.REQUESTED:
            return 0
        return millis(self.requested_at) + 1000 * delay


def millis(at: datetime) -> int:
    """Return an instant in milliseconds since 1970."""
    return int(at.timestamp() * 1000)


class JobLog:
    """Loads jobs, and appends one event at a time to a job as it was loaded."""

    def __init__(self, log: PostgresEventLog) -> None:
        self._log = log

    async def load(self, ids: Collection[UUID]) -> Mapping[UUID, Known]:
        """Return the jobs of these ids, by one statement; what is no job is left out."""
        found: dict[UUID, Known] = {}
        strange: set[UUID] = set()
        for r in await self._log.streams(dict.fromkeys(ids, 0)):
            stream, event = r.event.originator_id, r.event
            if not isinstance(event, JobEvent):
                strange.add(stream)
                continue
            known = found.get(stream)
            if known is None:
                job = Job.evolve(None, event)
                ttl = job.request.ttl
                expires = r.recorded_at + timedelta(seconds=ttl) if ttl else None
                found[stream] = Known(job, r.actor, r.recorded_at, expires)
            else:
                expires = None if isinstance(event, JobRequeued) else known.expires
                found[stream] = replace(known, job=Job.evolve(known.job, event), expires=expires)
        return {i: known for i, known in found.items() if i not in strange}

    async def append(self, job: Job, event: JobEvent, actor: str) -> Job:
        """Append the next event of a job, as a machine, and return the job after it.

        Raises:
            Overtaken: the job has gone on since it was loaded.
            Unavailable: the log cannot take it now.
        """
        # An id of its own for each try: an answer that was lost is looked up by it.
        command_id = uuid4()
        outcome = await self._log.append(
            Append(
                caller=actor,
                command_id=command_id,
                request_hash=b"",
                status=200,
                body=b"",
                metadata={
                    "actor": {"id": actor, "kind": "machine"},
                    "correlation_id": str(command_id),
                },
                writes=(StreamWrite(job.id, job.project_id, job.version),),
                events=(EventWrite(0, event, command_id),),
                keyed=False,
            )
        )
        match outcome:
            case Appended():
                return Job.evolve(job, event)
            case Mismatch():
                raise Overtaken(f"job {job.id} has gone on since version {job.version}")
            case _:
                raise RuntimeError(f"an append of one event was answered by {outcome}")


def machine(queue: str) -> str:
    """Return the actor of what is done for jobs of a queue, such as `machine:generation`."""
    return f"machine:{queue}"
