"""`decklog queues stats|pause|resume|set-concurrency|dead|retry`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, cast
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.bootstrap import WriteSide, write_side
from infra.postgres.queue_settings import QueueSettings
from infra.postgres.read_database import PostgresDatabase
from infra.queues import concurrencies, queue_stats, queues_of
from infra.redis.client import redis_client
from infra.redis.keys import Keys
from infra.redis.queues import RedisQueue
from infra.settings import Settings
from projections.jobs import queries
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run
from workers.jobs.joblog import JobLog
from workers.jobs.requeueing import requeue

app = typer.Typer(help="Look after the queues of jobs.", no_args_is_help=True)

# Failed jobs tried again at a time.
PAGE = 500


class QueueName(StrEnum):
    """The queues, for the command line."""

    GENERATION = "generation"
    THINKING = "thinking"
    IMAGE = "image"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs work with."""

    side: WriteSide
    database: PostgresDatabase
    decisions: QueueSettings
    queues: dict[str, RedisQueue]


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Desk]:
    side = write_side(settings)
    await side.start()
    try:
        _, epoch = await side.log.head()
        async with redis_client(settings) as redis:
            yield Desk(
                side,
                PostgresDatabase(side.pool),
                QueueSettings(side.pool),
                queues_of(settings, redis, Keys.of(epoch)),
            )
    finally:
        await side.stop()


async def _stats(settings: Settings) -> list[dict[str, Any]]:
    async with _desk(settings) as desk:
        return await queue_stats(settings, desk.database, desk.queues, desk.decisions)


@app.command("stats")
def stats(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Show every queue: what waits, what runs, how the last hour went."""
    settings = found_settings(data_dir)
    found = run(_stats(settings))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    table = Table(
        "queue", "waiting", "running", "of", "oldest", "ok/h", "failed/h", "retries/h", "p50", "p99", "dead"
    )
    for q in found:
        hour, depth = q["last_hour"], q["depth"]
        waiting = sum(depth.get(state, 0) for state in queries.WAITING)
        table.add_row(
            q["queue"] + (" (paused)" if q["paused"] else ""),
            str(waiting),
            str(q["running"]),
            str(q["concurrency"]),
            _seconds(q["oldest_age_s"]),
            str(hour["succeeded"]),
            str(hour["failed"]),
            str(hour["retries"]),
            _seconds(hour["run_time_p50_s"]),
            _seconds(hour["run_time_p99_s"]),
            str(q["dead"]),
        )
    # Where it is no terminal that reads this, nothing is to be cut off.
    Console(width=max(Console().width, 120)).print(table)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


async def _pause(settings: Settings, queue: str, *, paused: bool) -> None:
    async with _desk(settings) as desk:
        await desk.decisions.pause(queue, paused=paused)


@app.command("pause")
def pause(queue: QueueName, data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Begin no more jobs of a queue; what runs goes on."""
    run(_pause(found_settings(data_dir), queue, paused=True))
    _decided(f"{queue} is paused", as_json, queue=queue, paused=True)


def _decided(told: str, as_json: bool, **decided: Any) -> None:
    typer.echo(orjson.dumps(decided).decode() if as_json else told)


@app.command("resume")
def resume(queue: QueueName, data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Begin jobs of a queue again."""
    run(_pause(found_settings(data_dir), queue, paused=False))
    _decided(f"{queue} goes on", as_json, queue=queue, paused=False)


async def _set_concurrency(settings: Settings, queue: str, concurrency: int | None) -> None:
    async with _desk(settings) as desk:
        await desk.decisions.set_concurrency(queue, concurrency)


@app.command("set-concurrency")
def set_concurrency(
    queue: QueueName,
    concurrency: Annotated[
        int | None,
        typer.Argument(min=0, max=10_000, help="Jobs at once; left out: what the settings say."),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Let so many jobs of a queue run at once, over all worker processes; they learn of it within a second."""
    settings = found_settings(data_dir)
    run(_set_concurrency(settings, queue, concurrency))
    now = concurrencies(settings)[queue] if concurrency is None else concurrency
    as_set = ", as the settings say" if concurrency is None else ""
    _decided(f"{queue} runs {now} at once{as_set}", as_json, queue=queue, concurrency=now)


async def _dead(settings: Settings, queue: str | None, limit: int) -> list[dict[str, Any]]:
    async with _desk(settings) as desk, desk.database.session() as session:
        return [queries.document(row) for row in await queries.dead(session, queue, limit)]


@app.command("dead")
def dead(
    queue: Annotated[QueueName | None, typer.Argument(help="Left out: all queues.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most to show.")] = 100,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Show failed jobs, the latest first, and why they failed."""
    found = run(_dead(found_settings(data_dir), queue, limit))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    table = Table("job", "queue", "project", "attempts", "ended", "code", "message")
    for job in found:
        error = job.get("error") or {}
        told = (job["id"], job["kind"], job["project_id"], str(job["attempts"]), job["ended_at"])
        table.add_row(*told, error.get("code", ""), error.get("message", ""))
    Console().print(table)


async def _retry(settings: Settings, job_id: UUID | None, queue: str | None) -> list[UUID]:
    async with _desk(settings) as desk:
        log = JobLog(desk.side.log)
        if job_id is not None:
            return await requeue(log, [job_id])
        done: list[UUID] = []
        before = None
        while True:
            async with desk.database.session() as session:
                rows = await queries.dead(session, queue, PAGE, before)
            if not rows:
                return done
            done += await requeue(log, [row.job_id for row in rows])
            # A page has ended: its rows say so. What fails again meanwhile ends later, and is not met again.
            before = (cast("datetime", rows[-1].ended_at), rows[-1].job_id)


@app.command("retry")
def retry(
    job: Annotated[UUID | None, typer.Argument(help="A failed job's id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All failed jobs.")] = False,
    queue: Annotated[QueueName | None, typer.Option(help="With --all: of one queue.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Try failed jobs again, one or all."""
    if (job is None) is not every:
        fail("name a job, or say --all")
    if queue is not None and not every:
        fail("--queue goes with --all: a job is of one queue")
    done = run(_retry(found_settings(data_dir), job, queue))
    if job is not None and not done:
        fail(f"job {job} has not failed")
    if as_json:
        typer.echo(orjson.dumps({"retried": [str(i) for i in done]}).decode())
        return
    typer.echo(f"{len(done)} {'job is' if len(done) == 1 else 'jobs are'} tried again")
