"""Asking for jobs: when they may begin, and one for each input."""

import asyncio
from uuid import UUID

import pytest
from pydantic import ValidationError

from commands.messages import (
    CancelJob,
    Command,
    EditBlock,
    RequestExport,
    RequestGeneration,
    RequestImage,
    RequestThinking,
)
from domain.job import ExportRequested, JobRequested
from tests.support.jobs import failed, started, succeeded
from tests.support.scenario import PROJECT, TEXT, Outcome, World


def export(**more: object) -> RequestExport:
    return RequestExport.model_validate({"project_id": PROJECT, "format": "pdf", **more})


def job_of(outcome: Outcome) -> UUID:
    assert outcome.status == 202, outcome.body
    return UUID(outcome.body["result"]["job_id"])


async def ended(world: World, job: UUID) -> None:
    await world.given(started(job, 2), succeeded(job, 3))


async def test_a_job_says_when_it_may_begin(world: World) -> None:
    [event] = (await world.run(export(delay=60, ttl=61))).events
    assert isinstance(event, JobRequested)
    assert (event.delay, event.ttl) == (60, 61)


async def test_a_job_that_would_be_over_before_it_may_begin_is_refused(world: World) -> None:
    outcome = await world.run(export(delay=60, ttl=60))
    assert (outcome.status, outcome.fields) == (422, ["delay"])
    assert outcome.events == []


@pytest.mark.parametrize("delay", [-1, 86_401, "soon"])
def test_a_delay_is_of_a_day_at_most(delay: object) -> None:
    with pytest.raises(ValidationError, match="delay"):
        export(delay=delay)


@pytest.mark.parametrize(
    "command",
    [
        export(unique=True),
        RequestThinking(project_id=PROJECT, instruction="Shorter", unique=True),
        RequestImage(project_id=PROJECT, prompt="A delta", unique=True),
        RequestGeneration(project_id=PROJECT, prompt="Deltas", unique=True),
    ],
    ids=lambda command: command.NAME,
)
async def test_what_is_asked_for_again_is_the_same_job_until_it_has_ended(
    world: World, command: Command
) -> None:
    first = await world.run(command)
    second = await world.run(command.model_copy(update={"priority": 9, "ttl": 60, "delay": 1}))
    assert job_of(second) == job_of(first)
    assert (second.body["outcome"], second.events) == ("unchanged", [])
    assert second.body["streams"] == [{"id": str(job_of(first)), "kind": "job", "version": 1}]
    assert second.body["position"] == first.body["position"]

    await world.run(CancelJob(project_id=PROJECT, job_id=job_of(first)))
    third = await world.run(command)
    assert job_of(third) != job_of(first)
    assert len(third.events) == 1
    assert job_of(await world.run(command)) == job_of(third)


async def test_an_input_can_be_asked_for_any_number_of_times(world: World) -> None:
    jobs = []
    for _ in range(10):
        jobs.append(job_of(await world.run(export(unique=True))))
        assert job_of(await world.run(export(unique=True))) == jobs[-1]
        await ended(world, jobs[-1])
    assert len(set(jobs)) == len(jobs)


async def test_a_failed_job_is_in_nobodys_way(world: World) -> None:
    first = job_of(await world.run(export(unique=True)))
    await world.given(started(first, 2), failed(first, 3))
    assert job_of(await world.run(export(unique=True))) != first


async def test_another_input_another_person_and_another_deck_are_other_jobs(world: World) -> None:
    first = job_of(await world.run(export(unique=True)))
    others = [
        job_of(await world.run(export(unique=True, format="pptx"))),
        job_of(await world.run(export(unique=True), user="edna")),
        job_of(await world.run(export())),
    ]
    await world.run(EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": "B"}))
    others.append(job_of(await world.run(export(unique=True))))
    assert len({first, *others}) == 5


async def test_an_export_is_as_of_the_last_change_whatever_jobs_there_are(world: World) -> None:
    head = world.log.events[-1].position
    for _ in range(3):
        [event] = (await world.run(export())).events
        assert isinstance(event, ExportRequested)
        assert event.at_position == head


async def test_of_two_who_ask_at_once_the_second_is_told_of_the_firsts_job(world: World) -> None:
    processes = [world.process() for _ in range(5)]
    outcomes = await asyncio.gather(*(p.run(export(unique=True)) for p in processes))
    assert len({job_of(outcome) for outcome in outcomes}) == 1
    assert len([r for r in world.log.events if isinstance(r.event, ExportRequested)]) == 1
    assert sorted(outcome.body["outcome"] for outcome in outcomes) == ["applied", *["unchanged"] * 4]
