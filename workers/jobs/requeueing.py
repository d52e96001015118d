"""Failed jobs, tried again."""

from collections.abc import Sequence
from uuid import UUID

from domain.job import JobState
from workers.jobs.joblog import JobLog, Overtaken

OPERATOR = "machine:operator"


async def requeue(log: JobLog, ids: Sequence[UUID]) -> list[UUID]:
    """Have those of the jobs that have failed tried again, and return their ids; dispatchers enqueue them.

    Raises:
        Unavailable: the log cannot take it now.
    """
    done: list[UUID] = []
    for job_id, known in (await log.load(ids)).items():
        if known.job.state is not JobState.FAILED:
            continue
        try:
            await log.append(known.job, known.job.requeue(), OPERATOR)
        except Overtaken:
            # Somebody else had it tried again at this moment.
            continue
        done.append(job_id)
    return done
