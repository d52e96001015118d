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
}
ENDS = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Job:
    """One job at one version. Immutable.

    Methods named after what happens return the events of it; none means that it would change nothing.
    """

    id: UUID
    project_id: UUID
    version: int
    request: JobRequested
    state: JobState
    attempts: int = 0
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
        now = STATES.get(type(event), state.state)
        state = replace(state, version=event.originator_version, state=now)
        match event:
            case JobStarted():
                return replace(state, attempts=event.attempt)
            case JobOutlined():
                return replace(state, outline=event.outline)
            case OutlineApproved():
                return replace(state, outline=event.outline, approved=True)
            case JobSucceeded():
                return replace(state, result=event.result)
            case _:
                return state

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
