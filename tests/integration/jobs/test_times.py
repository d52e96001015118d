"""When jobs may begin, and when it is too late: delay, time to live, priorities that age."""

from uuid import UUID

from labour import JSON, ask, deciding, events, labouring, nothing, state
from running import Deck, system_on

from infra.bootstrap import write_side
from infra.settings import Settings
from workers.jobs.joblog import JobLog
from workers.jobs.ports import JobContext


async def seconds_between(deck: Deck, first: tuple[str, str], second: tuple[str, str]) -> float:
    """Return the seconds between two jobs' events, by the log."""
    query = "select recorded_at from stored_events where originator_id = %s and topic = %s"
    one, two = [
        await deck.owner.system.table.value(query, job, f"decklog.job.{topic}")
        for job, topic in (first, second)
    ]
    return float((two - one).total_seconds())


async def test_a_delayed_job_begins_when_its_delay_is_over_and_no_sooner(settings: Settings) -> None:
    async with system_on(settings) as system, labouring(settings, nothing) as (labour, _):
        deck = await system.person().deck()
        # From here on, what may begin does so at once.
        first = await ask(deck)
        await state(deck, first, "succeeded")
        late = await ask(deck, delay=1)
        await state(deck, late, "succeeded")
        assert [str(i) for i in labour.begun] == [first, late]
        # The queue counts in whole milliseconds.
        assert await seconds_between(deck, (late, "image-requested"), (late, "started")) > 0.998


async def test_a_proposal_that_nobody_approves_in_time_expires(settings: Settings) -> None:
    settings = settings.model_copy(update={"job_sweep_ms": 100})

    async def work(context: JobContext) -> JSON | None:
        await context.propose({"title": "Deltas", "slides": []})
        return None

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        patient = await ask(deck, "generation", ttl=60)
        await state(deck, patient, "awaiting-approval")
        for ttl in (1, 4, 16):
            job = await ask(deck, "generation", ttl=ttl)
            await state(deck, job, "expired", seconds=ttl + 10)
            # On a slow machine it may have expired before it began.
            if (told := (await events(deck, job))[1:]) != ["expired"]:
                break
        assert told == ["started", "outlined", "expired"]
        assert (await state(deck, patient, "awaiting-approval"))["outline"]


async def test_a_job_whose_worker_died_and_whose_time_is_over_expires(settings: Settings) -> None:
    async with deciding(settings) as decisions, system_on(settings) as system:
        await decisions.pause("image", paused=True)
        side = write_side(settings)
        await side.start()
        try:
            deck = await system.person().deck()
            job = await ask(deck, ttl=1)
            # What is left of a worker that began and died: the event, and a place in the queue.
            log = JobLog(side.log)
            known = (await log.load([UUID(job)]))[UUID(job)]
            await log.append(known.job, known.job.start(), "machine:image")
            async with labouring(settings, nothing) as (labour, _):
                await state(deck, job, "expired")
                assert (await events(deck, job))[1:] == ["started", "expired"]
                assert not labour.begun
        finally:
            await side.stop()


async def test_what_has_waited_long_is_not_overtaken_by_what_is_urgent(settings: Settings) -> None:
    settings = settings.model_copy(update={"image_generation_concurrency": 1, "job_aging_ms": 1})
    async with deciding(settings) as decisions, system_on(settings) as system:
        await decisions.pause("image", paused=True)
        async with labouring(settings, nothing) as (labour, _):
            deck = await system.person().deck()
            old = await ask(deck, priority=0)
            while True:
                urgent = await ask(deck, priority=9)
                if await seconds_between(deck, (old, "image-requested"), (urgent, "image-requested")) > 0.02:
                    break
            await decisions.pause("image", paused=False)
            await state(deck, urgent, "succeeded")
            begun = [str(i) for i in labour.begun]
            assert begun.index(old) < begun.index(urgent)


async def test_a_user_at_their_rate_holds_nobody_else_up(settings: Settings) -> None:
    # One job a minute.
    settings = settings.model_copy(update={"job_rate_per_user": 1})
    async with system_on(settings) as system, labouring(settings, nothing) as (labour, _):
        greedy, modest = await system.person().deck(), await system.person().deck()
        first, *waiting = [await ask(greedy, "thinking", priority=9) for _ in range(5)]
        await state(greedy, first, "succeeded")
        theirs = await ask(modest, "thinking", priority=0)
        await state(modest, theirs, "succeeded")
        # In another queue it is another account.
        other = await ask(greedy)
        await state(greedy, other, "succeeded")
        assert {str(i) for i in labour.begun} == {first, theirs, other}
        for job in waiting:
            assert await events(greedy, job) == ["thinking-requested"]
