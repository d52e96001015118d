"""Jobs from being asked for to their end, on real servers."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

from documented import Judge, described
from labour import JSON, ask, deciding, events, labouring, nothing, state
from running import eventually, system_on

from commands.messages import AddBlock
from infra.bootstrap import write_side
from infra.settings import Settings
from workers.jobs.joblog import JobLog
from workers.jobs.ports import FinalError, JobContext, RetryableError


def quick(settings: Settings, **more: object) -> Settings:
    """Let what is tried again be tried soon."""
    return settings.model_copy(update={"job_backoff_ms": 20, "job_backoff_max_ms": 50, **more})


async def test_a_job_runs_to_its_end(settings: Settings) -> None:
    async with system_on(settings) as system, labouring(settings, nothing) as (labour, _):
        deck = await system.person().deck()
        job = await ask(deck)
        document = await state(deck, job, "succeeded")
        assert document["attempts"] == 1
        assert document["kind"] == "image"
        assert document["result"] == {}
        assert document["project_id"] == deck.id
        assert document["requested_by"] == deck.owner.user
        assert [str(i) for i in labour.begun] == [job]
        assert await events(deck, job) == ["image-requested", "started", "succeeded"]
        stranger = system.person()
        assert (await stranger.get(f"/api/jobs/{job}")).status_code == 404
        assert (await stranger.get(f"/api/jobs/{deck.id}")).status_code == 404
        assert (await deck.owner.get(f"/api/jobs/{deck.id}")).status_code == 404
        assert (await deck.owner.get(f"/api/jobs/{uuid4()}")).status_code == 404


async def test_what_may_be_mended_is_tried_again(settings: Settings) -> None:
    settings = quick(settings)
    tries: Counter[UUID] = Counter()

    async def work(context: JobContext) -> JSON | None:
        tries[context.job.id] += 1
        if tries[context.job.id] == 1:
            raise RetryableError("provider-busy", "429")
        if tries[context.job.id] == 2:
            raise RuntimeError("a bug")
        return {"tries": context.job.attempts}

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        job = await ask(deck)
        document = await state(deck, job, "succeeded")
        assert document["result"] == {"tries": 3}
        assert "error" not in document
        assert await events(deck, job) == [
            *("image-requested", "started", "retried", "started", "retried", "started", "succeeded")
        ]


async def test_after_the_last_attempt_or_a_final_error_a_job_has_failed(settings: Settings) -> None:
    settings = quick(settings, job_attempts=2)

    async def work(context: JobContext) -> JSON | None:
        if context.job.queue == "image":
            raise RetryableError("provider-away", "nobody answers")
        raise FinalError("bad-source", "that is no document")

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        tired, hopeless = await ask(deck), await ask(deck, "thinking")
        document = await state(deck, tired, "failed")
        assert (document["attempts"], document["error"]["code"]) == (2, "provider-away")
        assert (await events(deck, tired))[-3:] == ["retried", "started", "failed"]
        document = await state(deck, hopeless, "failed")
        assert (document["attempts"], document["error"]) == (
            1,
            {"code": "bad-source", "message": "that is no document"},
        )


async def test_a_job_whose_time_is_over_is_never_run(settings: Settings) -> None:
    async with (
        deciding(settings) as decisions,
        system_on(settings) as system,
        labouring(settings, nothing) as (labour, _),
    ):
        await decisions.set_concurrency("image", 0)
        await decisions.pause("thinking", paused=True)
        deck = await system.person().deck()
        # Whether there is no room or no leave: its time runs.
        jobs = [await ask(deck, ttl=1), await ask(deck, "thinking", ttl=1)]
        for job in jobs:
            await state(deck, job, "expired")
            assert (await events(deck, job))[1:] == ["expired"]
        await decisions.set_concurrency("image", None)
        later = await ask(deck, ttl=60)
        await state(deck, later, "succeeded")
        assert [str(i) for i in labour.begun] == [later]


async def test_a_paused_queue_begins_nothing_and_then_the_most_urgent_first(settings: Settings) -> None:
    settings = settings.model_copy(update={"image_generation_concurrency": 1})
    async with deciding(settings) as decisions, system_on(settings) as system:
        await decisions.pause("image", paused=True)
        async with labouring(settings, nothing) as (labour, _):
            deck = await system.person().deck()
            wanted = [(p, await ask(deck, priority=p)) for p in (2, 9, 0, 5)]
            other = await ask(deck, "thinking")
            await state(deck, other, "succeeded")
            assert [str(i) for i in labour.begun] == [other]
            await decisions.pause("image", paused=False)
            for _, job in wanted:
                await state(deck, job, "succeeded")
            assert [str(i) for i in labour.begun[1:]] == [job for _, job in sorted(wanted, reverse=True)]


async def test_a_job_is_cancelled_while_it_waits_and_while_it_runs(settings: Settings) -> None:
    settings = settings.model_copy(update={"image_generation_concurrency": 1})
    ended: list[UUID] = []

    async def work(context: JobContext) -> JSON | None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(context.job.id)
        return None

    async with system_on(settings) as system, labouring(settings, work) as (labour, _):
        deck = await system.person().deck()
        running = await ask(deck)
        await state(deck, running, "running")
        waiting, third = await ask(deck), await ask(deck)
        await deck.change("cancel-job", job_id=waiting)
        await state(deck, waiting, "cancelled")
        asked = asyncio.get_running_loop().time()
        await deck.change("cancel-job", job_id=running)

        async def has_ended() -> bool:
            return bool(ended)

        await eventually(has_ended, 3)
        assert asyncio.get_running_loop().time() - asked < 2
        await state(deck, third, "running")
        assert [str(i) for i in labour.begun] == [running, third]
        assert labour.most_at_once == 1
        assert (await events(deck, running))[1:] == ["started", "cancelled"]
        assert (await events(deck, waiting))[1:] == ["cancelled"]


async def test_the_late_result_of_a_stalled_worker_is_refused(settings: Settings) -> None:
    go_on = asyncio.Event()

    async def work(context: JobContext) -> JSON | None:
        if context.job.attempts == 1:
            await go_on.wait()
        return {"by": context.job.attempts}

    side = write_side(settings)
    await side.start()
    try:
        async with system_on(settings) as system, labouring(settings, work):
            deck = await system.person().deck()
            job = await ask(deck)
            await state(deck, job, "running")
            # What a worker would do that has taken the job over.
            log = JobLog(side.log)
            known = (await log.load([UUID(job)]))[UUID(job)]
            await log.append(known.job, known.job.start(), "machine:image")
            go_on.set()
            assert (await state(deck, job, "succeeded"))["result"] == {"by": 3}
            assert (await events(deck, job))[1:] == ["started", "started", "started", "succeeded"]
    finally:
        await side.stop()


async def test_an_outline_waits_for_a_persons_word(settings: Settings) -> None:
    proposed = {"title": "Deltas", "slides": [{"title": "Silt", "points": []}]}
    wanted = {"title": "Deltas", "slides": [{"title": "Mud", "points": ["thick"]}]}

    async def work(context: JobContext) -> JSON | None:
        if not context.job.approved:
            await context.propose(proposed)
            return None
        return {"drafted": dict(context.job.outline or {})}

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        job = await ask(deck, "generation")
        assert (await state(deck, job, "awaiting-approval"))["outline"] == proposed
        answer = await deck.owner.post(
            "approve-outline", {"project_id": deck.id, "job_id": job, "outline": wanted}
        )
        assert answer.status_code == 202, answer.text
        assert (await state(deck, job, "succeeded"))["result"] == {"drafted": wanted}
        assert (await events(deck, job))[1:] == [
            *("started", "outlined", "outline-approved", "started", "succeeded")
        ]


async def test_what_a_job_writes_is_the_machines_on_behalf_of_whoever_asked(settings: Settings) -> None:
    settings = quick(settings)

    async def work(context: JobContext) -> JSON | None:
        project = context.job.project_id
        text = f"attempt {context.job.attempts}"
        answer = await context.run("one", AddBlock(project_id=project, type="slide", content={"title": text}))
        if context.job.attempts == 1:
            raise RetryableError("again", "after the first step")
        return {"block": answer["results"][0]["result"]["block_id"]}

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck(0)
        editor = system.person()
        await deck.grant(editor, "editor")
        theirs = deck.at(editor)
        job = await ask(theirs, "generation")
        document = await state(theirs, job, "succeeded")
        history = await deck.owner.all_pages(f"{deck.path}/history", min_position=document["position"])
        [added] = [e for e in history if e["event"] == "block-added"]
        assert added["actor"] == {"id": "machine:generation", "kind": "machine"}
        assert added["data"]["content"]["title"] == "attempt 1"
        assert added["stream"]["id"] == document["result"]["block"]
        await deck.change("undo", job_id=job)
        blocks = await deck.owner.see(f"{deck.path}/blocks", min_position=deck.position)
        assert blocks["items"] == []


async def test_who_lost_the_right_to_a_job_has_none_running(settings: Settings) -> None:
    async with deciding(settings) as decisions, system_on(settings) as system:
        await decisions.pause("generation", paused=True)
        async with labouring(settings, nothing) as (labour, _):
            deck = await system.person().deck()
            editor = system.person()
            await deck.grant(editor, "editor")
            job = await ask(deck.at(editor), "generation")
            await deck.grant(editor, "viewer")
            await decisions.pause("generation", paused=False)
            document = await state(deck, job, "failed")
            assert document["error"]["code"] == "forbidden"
            assert not labour.begun


async def test_a_kind_of_job_that_nobody_does_fails(settings: Settings) -> None:
    async with system_on(settings) as system, labouring(settings, None):
        deck = await system.person().deck()
        job = await ask(deck, "thinking")
        assert (await state(deck, job, "failed"))["error"]["code"] == "unsupported"


async def test_a_projects_jobs_are_listed(settings: Settings) -> None:
    async def work(context: JobContext) -> JSON | None:
        if context.job.queue == "thinking":
            raise FinalError("no", "no")
        return {}

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        jobs = [await ask(deck, kind) for kind in ("image", "thinking", "export", "image")]
        for job in jobs:
            await state(deck, job, "succeeded", "failed")
        path = f"{deck.path}/jobs"
        assert [j["id"] for j in await deck.owner.all_pages(path, limit=3)] == jobs[::-1]
        assert [j["id"] for j in await deck.owner.all_pages(path, state="failed")] == [jobs[1]]
        assert [j["id"] for j in await deck.owner.all_pages(path, kind="image")] == [jobs[3], jobs[0]]
        assert (await deck.owner.get(path, state="lost")).status_code == 422
        assert (await system.person().get(path)).status_code == 404


async def test_how_far_a_job_is_is_told_live_and_stored_nowhere(settings: Settings) -> None:
    go_on = asyncio.Event()

    async def work(context: JobContext) -> JSON | None:
        await context.progress(1, 3, "drafting")
        await go_on.wait()
        await context.progress(3, 3, "drawn")
        return {}

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        async with deck.owner.live(deck.id) as live:
            job = await ask(deck)
            notes = [await live.until("job", 15)]
            document = await state(deck, job, "running")
            assert document["progress"] == {"done": 1, "total": 3, "message": "drafting"}
            go_on.set()
            notes.append(await live.until("job", 15))
            document = await state(deck, job, "succeeded")
            assert document["progress"] is None
        judge = Judge(await described(system))
        for note in notes:
            judge("live.server.job", note)
        told = {"type": "job", "job_id": job, "kind": "image", "state": "running"}
        assert notes == [
            {**told, "done": 1, "total": 3, "message": "drafting"},
            {**told, "done": 3, "total": 3, "message": "drawn"},
        ]
        assert await events(deck, job) == ["image-requested", "started", "succeeded"]
