"""What operators see of queues, and do to them, on the command line and by HTTP."""

import asyncio
import time
from typing import Any

import orjson
from click.testing import Result
from labour import JSON, ask, events, labouring, nothing, state
from running import System, eventually, system_on
from typer.testing import CliRunner

from infra.http.auth import issue
from infra.settings import Settings
from tests.conftest import environment
from workers.cli.app import app
from workers.jobs.ports import FinalError, JobContext

STATS = "/api/admin/queues/stats"


class Queues:
    """`decklog queues`, as an operator calls it."""

    def __init__(self, settings: Settings) -> None:
        self._environment = environment(settings)

    async def __call__(self, *arguments: str, code: int = 0) -> Result:
        # In a thread: a verb runs a loop of its own.
        result = await asyncio.to_thread(CliRunner(env=self._environment).invoke, app, ["queues", *arguments])
        assert result.exit_code == code, result.output
        return result

    async def json(self, *arguments: str) -> Any:
        return orjson.loads((await self(*arguments, "--json")).stdout)


def queue(stats: list[JSON], name: str) -> JSON:
    [found] = [q for q in stats if q["queue"] == name]
    return found


def words(result: Result) -> str:
    """Return what was told on standard error, without the frame and the line breaks of a terminal."""
    return " ".join(result.stderr.replace("│", " ").split())


async def told(system: System, scope: str = "admin") -> tuple[int, JSON]:
    token = issue(system.settings.jwt_secret, "root", now=time.time(), ttl=3600, scope=scope)
    answer = await system.client.get(system.read_url + STATS, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


async def test_a_queue_is_paused_looked_at_and_resumed(settings: Settings) -> None:
    queues = Queues(settings)
    async with system_on(settings) as system, labouring(settings, nothing) as (labour, _):
        assert await queues.json("pause", "image") == {"queue": "image", "paused": True}
        deck = await system.person().deck()
        waiting = [await ask(deck, priority=p) for p in (2, 9)]
        await state(deck, await ask(deck, "thinking"), "succeeded")

        found = queue(await queues.json("stats"), "image")
        assert (found["paused"], found["running"], found["utilization"]) == (True, 0, 0)
        assert (found["depth"], found["waiting_by_priority"]) == ({"requested": 2}, {"9": 1, "2": 1})
        assert [(p["state"], p["priority"], p["jobs"]) for p in found["by_priority"]] == [
            ("requested", 9, 1),
            ("requested", 2, 1),
        ]
        assert 0 < found["by_priority"][0]["oldest_age_s"] < found["oldest_age_s"]
        status, stats = await told(system)
        assert status == 200
        there = queue(stats["queues"], "thinking")
        assert (there["depth"], there["oldest_age_s"], there["last_hour"]["succeeded"]) == ({}, None, 1)
        assert 0 < there["last_hour"]["run_time_p50_s"] <= there["last_hour"]["run_time_p99_s"]
        assert {q["queue"] for q in stats["queues"]} == {"generation", "thinking", "image", "export"}
        assert (await told(system, scope="audit"))[0] == 403
        assert "(paused)" in (await queues("stats")).stdout

        assert (await queues("resume", "image")).stdout == "image goes on\n"
        for job in waiting:
            await state(deck, job, "succeeded")
        assert len(labour.begun) == 3


async def test_a_concurrency_is_raised_while_jobs_run(settings: Settings) -> None:
    queues, go_on = Queues(settings), asyncio.Event()

    async def work(_: JobContext) -> JSON | None:
        await go_on.wait()
        return {}

    async with system_on(settings) as system, labouring(settings, work) as (labour, _):
        answer = await queues.json("set-concurrency", "image", "1")
        assert answer == {"queue": "image", "concurrency": 1}
        deck = await system.person().deck()
        jobs = [await ask(deck) for _ in range(4)]
        await state(deck, jobs[0], "running")
        assert labour.most_at_once == 1
        found = queue(await queues.json("stats"), "image")
        assert (found["running"], found["concurrency"], found["utilization"]) == (1, 1, 1.0)

        await queues("set-concurrency", "image", "3")

        async def three() -> bool:
            return labour.at_once == 3

        await eventually(three)
        told = await queues("set-concurrency", "image")
        assert told.stdout == "image runs 5 at once, as the settings say\n"
        go_on.set()
        for job in jobs:
            await state(deck, job, "succeeded")


async def test_failed_jobs_are_shown_with_their_reasons_and_tried_again_one_or_all(
    settings: Settings,
) -> None:
    queues, mended = Queues(settings), asyncio.Event()

    async def work(context: JobContext) -> JSON | None:
        if not mended.is_set():
            raise FinalError("no-model", f"there is no model for {context.job.queue}")
        return {}

    async with system_on(settings) as system, labouring(settings, work):
        deck = await system.person().deck()
        jobs = []
        for kind in ("image", "thinking", "image"):
            jobs.append(await ask(deck, kind))
            # Which failed last is told first.
            await state(deck, jobs[-1], "failed")
        dead = await queues.json("dead")
        assert {d["id"] for d in dead} == set(jobs)
        assert dead[0]["error"]["code"] == "no-model"
        assert [d["id"] for d in await queues.json("dead", "image")] == [jobs[2], jobs[0]]
        assert [d["id"] for d in await queues.json("dead", "image", "--limit", "1")] == [jobs[2]]
        assert "no-model" in (await queues("dead", "thinking")).stdout
        assert queue(await queues.json("stats"), "image")["dead"] == 2

        mended.set()
        assert await queues.json("retry", jobs[0]) == {"retried": [jobs[0]]}
        await state(deck, jobs[0], "succeeded")
        assert (await events(deck, jobs[0]))[1:] == ["started", "failed", "requeued", "started", "succeeded"]
        assert f"job {jobs[0]} has not failed" in (await queues("retry", jobs[0], code=1)).stderr
        assert await queues.json("retry", "--all", "--queue", "image") == {"retried": [jobs[2]]}
        assert (await queues("retry", "--all")).stdout == "1 job is tried again\n"
        for job in jobs:
            await state(deck, job, "succeeded")
        assert await queues.json("dead") == []


async def test_what_an_operator_gets_wrong_is_told_by_name(settings: Settings) -> None:
    queues = Queues(settings)
    assert "not one of 'generation', 'thinking', 'image', 'export'" in words(
        await queues("pause", "imagen", code=2)
    )
    assert "'concurrency': Input should be less than or equal to 10000" in words(
        await queues("set-concurrency", "image", "10001", code=2)
    )
    assert "valid UUID" in words(await queues("retry", "seven", code=2))
    assert "name a job, or say --all" in (await queues("retry", code=1)).stderr
    both = ("retry", "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
    assert "name a job, or say --all" in (await queues(*both, "--all", code=1)).stderr
    assert "--queue goes with --all" in (await queues(*both, "--queue", "image", code=1)).stderr
