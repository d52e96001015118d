"""Handlers that tests steer, and workers that use them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from running import Deck, eventually, lose

from infra.postgres.connections import pool
from infra.postgres.queue_settings import QueueSettings
from infra.settings import Settings
from workers.app import Workers
from workers.jobs.ports import JobContext, JobHandler

JSON = dict[str, Any]
Work = Callable[[JobContext], Awaitable[JSON | None]]

KINDS = ("generation", "thinking", "image", "export")


@dataclass
class Labour:
    """Does jobs of any kind as the test says, and writes down what was begun."""

    work: Work
    begun: list[UUID] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def run(self, context: JobContext) -> JSON | None:
        self.begun.append(context.job.id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self.work(context)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def labouring(
    settings: Settings, work: Work | None
) -> AsyncIterator[tuple[Labour, asyncio.Task[None]]]:
    """Run workers whose jobs are done by `work`; None: by nobody."""
    labour = Labour(work or nothing)

    def make(*_: object) -> Mapping[str, JobHandler]:
        return dict.fromkeys(KINDS if work else (), labour)

    task = asyncio.create_task(Workers(settings, make).run())
    try:
        yield labour, task
        if task.done() and not task.cancelled():
            task.result()
    finally:
        await lose(task)


@asynccontextmanager
async def deciding(settings: Settings) -> AsyncIterator[QueueSettings]:
    """Decide about queues, as an operator does."""
    async with pool(settings, "decisions") as connections:
        yield QueueSettings(connections)


async def nothing(_: JobContext) -> JSON | None:
    """Do a job without doing anything."""
    return {}


async def ask(deck: Deck, kind: str = "image", **fields: Any) -> str:
    """Ask for a job, and return its id."""
    needed: Mapping[str, JSON] = {
        "image": {"prompt": "a delta"},
        "export": {"format": "pdf"},
        "generation": {"prompt": "deltas"},
        "thinking": {},
    }
    answer = await deck.owner.post(f"request-{kind}", {"project_id": deck.id, **needed[kind], **fields})
    assert answer.status_code == 202, answer.text
    document = answer.json()
    deck.position = document["position"]
    job: str = document["result"]["job_id"]
    return job


async def state(deck: Deck, job: str, *states: str, seconds: float = 10.0) -> JSON:
    """Wait until a job has one of some states by the read model, and return its document."""

    async def there() -> JSON | None:
        answer = await deck.owner.get(f"/api/jobs/{job}", min_position=deck.position)
        if answer.status_code == 503:
            # The read model is behind, as it may be on a busy machine: ask again, as clients do.
            return None
        assert answer.status_code == 200, answer.text
        document: JSON = answer.json()
        return document if document["state"] in states else None

    document: JSON = await eventually(there, seconds)
    return document


async def events(deck: Deck, job: str) -> list[str]:
    """Return what happened to a job, by the log."""
    topics = await deck.owner.system.table.rows(
        "select topic from stored_events where originator_id = %s order by originator_version", job
    )
    return [topic.removeprefix("decklog.job.") for (topic,) in topics]
