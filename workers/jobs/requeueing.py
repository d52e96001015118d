"""Failed jobs, tried again."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from domain.job import Job, JobState
from workers.jobs.joblog import JobLog, Overtaken

OPERATOR = "machine:operator"


async def requeue(log: JobLog, ids: Sequence[UUID]) -> list[UUID]:
    """Have those of the jobs that have failed tried again, and return their ids; dispatchers enqueue them.

    Raises:
        Unavailable: the log cannot take it now.
    """

    async def again(job: Job) -> UUID | None:
        try:
            await log.append(job, job.requeue(), OPERATOR)
        except Overtaken:
            # Somebody else had it tried again at this moment.
            return None
        return job.id

    failed = [known.job for known in (await log.load(ids)).values() if known.job.state is JobState.FAILED]
    return [i for i in await asyncio.gather(*map(again, failed)) if i is not None]
