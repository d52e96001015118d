"""One job for one input, through the API of several processes, on a real log."""

import asyncio

from labour import JSON, ask, labouring, state
from running import serving_write, system_on

from infra.settings import Settings
from workers.jobs.ports import JobContext


async def test_equal_requests_are_one_job_until_it_has_ended_and_then_another(settings: Settings) -> None:
    go_on = asyncio.Event()

    async def work(_: JobContext) -> JSON | None:
        await go_on.wait()
        return {}

    async with (
        system_on(settings) as system,
        serving_write(settings) as other_url,
        labouring(settings, work) as (labour, _),
    ):
        deck = await system.person().deck()
        wanted = {"project_id": deck.id, "format": "pdf", "unique": True}

        async def asked(url: str, **more: object) -> str:
            answer = await system.client.post(
                f"{url}/api/commands/request-export", json=wanted | more, headers=deck.owner.headers
            )
            assert answer.status_code in (200, 202), answer.text
            document = answer.json()
            deck.position = max(deck.position, document["position"])
            job: str = document["result"]["job_id"]
            return job

        urls = [system.write_url, other_url]
        # At the same time, in two processes: they meet in the log.
        jobs = set(await asyncio.gather(*(asked(url) for url in urls * 5)))
        [job] = jobs
        await state(deck, job, "running")
        assert {await asked(url) for url in urls} == jobs
        # What is not the same is another job, and so is what does not say that it is to be the only one.
        different = {await asked(system.write_url, format="pptx"), await ask(deck, "export")}
        assert len(different | jobs) == 3
        count = "select count(*) from stored_events where topic = 'decklog.job.export-requested'"
        assert await system.table.value(count) == 3

        go_on.set()
        for each in (job, *different):
            await state(deck, each, "succeeded")
        later = await asked(other_url)
        assert later not in jobs | different
        await state(deck, later, "succeeded")
        assert len(labour.begun) == len(set(labour.begun)) == 4
