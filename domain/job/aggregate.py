"""The job as a fold of its events, and what may happen to it next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.errors import VersionConflict
from domain.job.events import (
    JobCancelled,
    JobEvent,
    JobExpired,
    JobFailed,
    JobOutlined,
    JobRequested,
    JobRequeued,
    JobRetried,
    JobStarted,
    JobSucceeded,
    OutlineApproved,
)


class JobState(StrEnum):
    """Where a job stands, in the words of the public contract."""

    REQUESTED = "requested"
    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting-approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to the job any more."""
        return self in ENDS


# The state that an event leads to.
STATES: Mapping[type[JobEvent], JobState] = {
    JobStarted: JobState.RUNNING,
    JobRetried: JobState.QUEUED,
    JobOutlined: JobState.AWAITING_APPROVAL,
    OutlineApproved: JobState.QUEUED,
    JobSucceeded: JobState.SUCCEEDED,
    JobFailed: JobState.FAILED,
    JobCancelled: JobState.CANCELLED,
    JobExpired: JobState.EXPIRED,
    JobRequeued: JobState.QUEUED,
}
# The code of a retry that says nothing about the job: its worker was told to end.
DRAINED = "drained"
ENDS = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Job:
    """One job at one version. Immutable.

    Methods named after what happens return the events of it; none means that it would change nothing. `attempts`
    counts all that ever began, `tries` those since the job was asked for, approved or requeued.
    """

    id: UUID
    project_id: UUID
    version: int
    request: JobRequested
    state: JobState
    attempts: int = 0
    tries: int = 0
    outline: Mapping[str, Any] | None = None
    approved: bool = False
    result: Mapping[str, Any] | None = None

    @property
    def queue(self) -> str:
        """The queue that it belongs to: `generation`, `thinking`, `image` or `export`."""
        return self.request.QUEUE

    @staticmethod
    def evolve(state: "Job | None", event: JobEvent) -> "Job":
        """Apply one event. A stream begins with what was requested, and only there `state` is None."""
        if isinstance(event, JobRequested):
            project_id = UUID(event.project_id)
            return Job(event.originator_id, project_id, 1, event, JobState.REQUESTED)
        if state is None:
            raise ValueError(f"a job's stream cannot begin with {event.TOPIC}")
        changed: dict[str, Any] = {}
        match event:
            case JobStarted():
                changed = {"attempts": event.attempt, "tries": state.tries + 1}
            case JobRetried(code=code) if code == DRAINED:
                changed = {"tries": state.tries - 1}
            case JobOutlined():
                changed = {"outline": event.outline}
            case OutlineApproved():
                changed = {"outline": event.outline, "approved": True, "tries": 0}
            case JobRequeued():
                changed = {"tries": 0}
            case JobSucceeded():
                changed = {"result": event.result}
        now = STATES.get(type(event), state.state)
        return replace(state, version=event.originator_version, state=now, **changed)

    def approve(self, outline: Mapping[str, Any] | None) -> list[JobEvent]:
        """Approve the proposed outline, or another one in its place.

        Raises:
            VersionConflict: the job does not wait for that.
        """
        if self.approved and (outline is None or outline == self.outline):
            return []
        if self.state is not JobState.AWAITING_APPROVAL or self.outline is None:
            raise VersionConflict(f"the job does not wait for approval; it is {self.state}")
        wanted = dict(self.outline if outline is None else outline)
        return [OutlineApproved(originator_id=self.id, originator_version=self.version + 1, outline=wanted)]

    def cancel(self) -> list[JobEvent]:
        """Want it no more; what has ended stays as it ended."""
        if self.state.ended:
            return []
        return [JobCancelled(originator_id=self.id, originator_version=self.version + 1)]

    def start(self) -> JobStarted:
        """Begin an attempt; its number, at this place of the stream, is what fences earlier ones off."""
        self._require(JobState.REQUESTED, JobState.QUEUED, JobState.RUNNING)
        return JobStarted(
            originator_id=self.id, originator_version=self.version + 1, attempt=self.attempts + 1
        )

    def retry(self, code: str, message: str, delay: float) -> JobRetried:
        """Have another attempt after `delay` seconds."""
        self._require(JobState.RUNNING)
        return JobRetried(
            originator_id=self.id,
            originator_version=self.version + 1,
            attempt=self.attempts,
            code=code,
            message=message,
            delay=delay,
        )

    def propose(self, outline: Mapping[str, Any]) -> JobOutlined:
        """Propose an outline and wait for a person's word on it."""
        self._require(JobState.RUNNING)
        return JobOutlined(originator_id=self.id, originator_version=self.version + 1, outline=dict(outline))

    def succeed(self, result: Mapping[str, Any]) -> JobSucceeded:
        """End well."""
        self._require(JobState.RUNNING)
        return JobSucceeded(originator_id=self.id, originator_version=self.version + 1, result=dict(result))

    def fail(self, code: str, message: str) -> JobFailed:
        """End in a failure."""
        self._require(JobState.REQUESTED, JobState.QUEUED, JobState.RUNNING)
        return JobFailed(
            originator_id=self.id, originator_version=self.version + 1, code=code, message=message
        )

    def expire(self) -> JobExpired:
        """End because nobody got round to it in time; one that runs may have lost its worker, and wait again."""
        if self.state.ended:
            raise VersionConflict(f"the job is {self.state}")
        return JobExpired(originator_id=self.id, originator_version=self.version + 1)

    def requeue(self) -> JobRequeued:
        """Try a failed job again."""
        self._require(JobState.FAILED)
        return JobRequeued(originator_id=self.id, originator_version=self.version + 1)

    def _require(self, *states: JobState) -> None:
        if self.state not in states:
            raise VersionConflict(f"the job is {self.state}")
