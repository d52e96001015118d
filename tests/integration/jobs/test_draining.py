"""A worker process that is told to end lets its jobs end, and hands back what does not."""

import asyncio

from labour import JSON, KINDS, Labour, ask, events, labouring, nothing, state
from running import lose, system_on

from infra.settings import Settings
from workers.app import Workers
from workers.jobs.ports import JobContext


async def test_what_runs_may_end_and_nothing_else_begins(settings: Settings) -> None:
    settings = settings.model_copy(update={"job_drain_ms": 30_000, "image_generation_concurrency": 1})
    go_on = asyncio.Event()

    async def work(_: JobContext) -> JSON | None:
        await go_on.wait()
        return {}

    labour = Labour(work)
    workers = Workers(settings, lambda *_: dict.fromkeys(KINDS, labour))
    task = asyncio.create_task(workers.run())
    async with system_on(settings) as system:
        try:
            deck = await system.person().deck()
            running = await ask(deck)
            await state(deck, running, "running")
            waiting = await ask(deck)
            draining = asyncio.create_task(workers.drain())
            # In other queues there is room, and yet nothing begins.
            other = await ask(deck, "thinking")
            go_on.set()
            await draining
            await state(deck, running, "succeeded")
            assert [str(i) for i in labour.begun] == [running]
        finally:
            await lose(task)
        assert (await events(deck, running))[1:] == ["started", "succeeded"]
        async with labouring(settings, nothing):
            for job in (waiting, other):
                await state(deck, job, "succeeded")
                assert (await events(deck, job))[1:] == ["started", "succeeded"]


async def test_what_takes_too_long_is_begun_again_elsewhere_and_it_is_not_its_fault(
    settings: Settings,
) -> None:
    settings = settings.model_copy(update={"job_drain_ms": 50, "job_attempts": 1})

    async def endless(_: JobContext) -> JSON | None:
        await asyncio.Event().wait()
        return {}

    labour = Labour(endless)
    workers = Workers(settings, lambda *_: dict.fromkeys(KINDS, labour))
    task = asyncio.create_task(workers.run())
    async with system_on(settings) as system:
        try:
            deck = await system.person().deck()
            job = await ask(deck)
            await state(deck, job, "running")
            await workers.drain()
        finally:
            await lose(task)
        assert (await events(deck, job))[1:] == ["started", "retried"]
        async with labouring(settings, nothing):
            document = await state(deck, job, "succeeded")
            assert document["attempts"] == 2
