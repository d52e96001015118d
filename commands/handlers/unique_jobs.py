"""Jobs asked for: each anew, or one for each input that has not ended yet."""

from collections.abc import Callable
from hashlib import sha256
from uuid import UUID, uuid5

import orjson

from commands.answers import Decision
from commands.context import Context
from commands.messages.jobs import JobCommand
from commands.unit_of_work import StreamState
from domain.errors import Invalid, NotFound
from domain.job import Job, JobRequested

Make = Callable[[UUID], JobRequested]


async def asked(command: JobCommand, context: Context, make: Make) -> Decision:
    """Ask for a job; where it is to be unique, find the one that was asked for already.

    Raises:
        Invalid: its time is over before it may begin.
    """
    if command.ttl is not None and command.delay >= command.ttl:
        raise Invalid.at("delay", f"the job would end by its ttl, {command.ttl} s, before it may begin")
    job_id = context.new_id("job")
    if command.unique:
        job_id, known = await _place(command, context, make)
        if known is not None:
            stream = StreamState(known.id, "job", known.version)
            return Decision(command.project_id, [stream], "unchanged", result={"job_id": str(known.id)})
        # Somebody may ask for the very same at this moment: whoever comes second is told of the first.
        context.work.shared.add(job_id)
    return Decision(
        command.project_id,
        context.record(command.project_id, [make(job_id)]),
        result={"job_id": str(job_id)},
    )


def input_hash(command: JobCommand, make: Make, user: str) -> bytes:
    """Return the hash of what is to be done, and for whom: rights, quotas and cancelling stay each one's own."""
    event = make(UUID(int=0))
    given = {name: value for name, value in event.data().items() if name not in command.MANNER}
    return sha256(orjson.dumps([event.TOPIC, user, given], option=orjson.OPT_SORT_KEYS)).digest()


async def _place(command: JobCommand, context: Context, make: Make) -> tuple[UUID, Job | None]:
    """Return the id for the next job of this input, or that of the one which has not ended, with it.

    The ids of an input are numbered, each of them has a job before the next gets one, and all but the last have
    ended: so the last is found by few looks, however many there were.
    """
    digest = input_hash(command, make, context.caller.on_behalf_of or context.caller.user).hex()

    def numbered(n: int) -> UUID:
        return uuid5(command.project_id, f"{digest}/{n}")

    async def there(n: int) -> Job | None:
        try:
            job, _ = await context.work.job(command.project_id, numbered(n))
        except NotFound:
            return None
        return job

    # `last` is there, `free` is not.
    last, free, known = -1, 0, None
    while (job := await there(free)) is not None:
        last, free, known = free, 2 * free + 1, job
    while free - last > 1:
        middle = (last + free) // 2
        if (job := await there(middle)) is not None:
            last, known = middle, job
        else:
            free = middle
    if known is not None and not known.state.ended:
        return known.id, known
    return numbered(free), None
