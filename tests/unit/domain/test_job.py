"""A job from request to its one end: what may happen in which state."""

from collections.abc import Callable

import pytest

from domain.errors import VersionConflict
from domain.job import Job, JobEvent, JobState
from tests.support.jobs import (
    JOB,
    OUTLINE,
    PROJECT,
    approved,
    cancelled,
    expired,
    failed,
    generation,
    outlined,
    requeued,
    retried,
    started,
    succeeded,
)

ASKED = generation(JOB, PROJECT)
# How to come to each state, by the shortest way.
WAYS: dict[JobState, list[JobEvent]] = {
    JobState.REQUESTED: [ASKED],
    JobState.RUNNING: [ASKED, started(JOB, 2)],
    JobState.QUEUED: [ASKED, started(JOB, 2), retried(JOB, 3)],
    JobState.AWAITING_APPROVAL: [ASKED, started(JOB, 2), outlined(JOB, 3)],
    JobState.SUCCEEDED: [ASKED, started(JOB, 2), succeeded(JOB, 3)],
    JobState.FAILED: [ASKED, started(JOB, 2), failed(JOB, 3)],
    JobState.CANCELLED: [ASKED, cancelled(JOB, 2)],
    JobState.EXPIRED: [ASKED, expired(JOB, 2)],
}
WAITING = {JobState.REQUESTED, JobState.QUEUED}
OPEN = {*WAITING, JobState.RUNNING, JobState.AWAITING_APPROVAL}
# What may be done, and in which states.
DEEDS: dict[str, tuple[Callable[[Job], object], set[JobState]]] = {
    "start": (Job.start, {*WAITING, JobState.RUNNING}),
    "retry": (lambda job: job.retry("busy", "429", 1.0), {JobState.RUNNING}),
    "propose": (lambda job: job.propose(OUTLINE), {JobState.RUNNING}),
    "succeed": (lambda job: job.succeed({}), {JobState.RUNNING}),
    "fail": (lambda job: job.fail("no", "no"), {*WAITING, JobState.RUNNING}),
    "expire": (Job.expire, OPEN),
    "requeue": (Job.requeue, {JobState.FAILED}),
    "approve": (lambda job: job.approve(None), {JobState.AWAITING_APPROVAL}),
}


def job(events: list[JobEvent]) -> Job:
    state: Job | None = None
    for event in events:
        state = Job.evolve(state, event)
    assert state is not None
    return state


@pytest.mark.parametrize("state", JobState)
def test_events_lead_to_states(state: JobState) -> None:
    found = job(WAYS[state])
    assert (found.state, found.version) == (state, len(WAYS[state]))
    assert found.state.ended is (state not in OPEN)


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("deed", DEEDS)
def test_what_may_happen_in_a_state_is_the_next_event_and_all_else_is_refused(
    deed: str, state: JobState
) -> None:
    do, states = DEEDS[deed]
    found = job(WAYS[state])
    if state not in states:
        with pytest.raises(VersionConflict):
            do(found)
        return
    made = do(found)
    [event] = made if isinstance(made, list) else [made]
    assert isinstance(event, JobEvent)
    assert event.originator_version == found.version + 1
    assert Job.evolve(found, event).version == found.version + 1


@pytest.mark.parametrize("state", JobState)
def test_whoever_wants_a_job_no_more_ends_it_once(state: JobState) -> None:
    made = job(WAYS[state]).cancel()
    assert made == ([cancelled(JOB, len(WAYS[state]) + 1)] if state in OPEN else [])


def test_an_operator_and_a_persons_approval_give_a_job_all_its_tries_again() -> None:
    tired = job([ASKED, started(JOB, 2), retried(JOB, 3), started(JOB, 4, 2), failed(JOB, 5)])
    assert (tired.attempts, tired.tries) == (2, 2)
    again = Job.evolve(tired, requeued(JOB, 6))
    assert (again.state, again.attempts, again.tries) == (JobState.QUEUED, 2, 0)
    outlined_late = job([ASKED, started(JOB, 2), retried(JOB, 3), started(JOB, 4, 2), outlined(JOB, 5)])
    agreed = Job.evolve(outlined_late, approved(JOB, 6))
    assert (agreed.state, agreed.attempts, agreed.tries) == (JobState.QUEUED, 2, 0)


def test_an_attempt_that_ended_with_its_worker_is_no_try_of_the_job() -> None:
    drained = job([ASKED, started(JOB, 2), retried(JOB, 3, code="drained")])
    assert (drained.attempts, drained.tries) == (1, 0)


def test_a_stream_begins_with_what_was_asked_for() -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        Job.evolve(None, started(JOB, 1))
