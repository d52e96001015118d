"""SQL of the jobs read model. What clients ask names the project first; what queues ask names the queue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.catalogue import timestamp
from domain.job import JobState
from projections.jobs.rows import KINDS, JobRow, Key
from projections.ports import Session
from projections.tables import Table

TABLE = Table(
    "job_rows",
    2,
    "project_id uuid, job_id uuid, kind text, state text, priority int, attempts int, outline json?, error json?,"
    " result json?, requested_by text, requested bigint, expires_at timestamptz, due_at timestamptz,"
    " started_at timestamptz, ended_at timestamptz, version bigint, position bigint, created_at timestamptz,"
    " created_by text, updated_at timestamptz, updated_by text",
)
_COLUMNS = TABLE.columns
_QUALIFIED = TABLE.qualified("r")

# How many of the jobs that ended within an hour are looked at.
LATEST = 50_000
# The states of a job that waits for its turn.
WAITING = (JobState.REQUESTED.value, JobState.QUEUED.value)
RUNNING = JobState.RUNNING.value


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """What the rows of a queue say: open jobs by state and priority, and what ended within the last hour.

    Ages and run times are in seconds; a run time is that of the attempt which ended the job. Of an hour in which
    more than `LATEST` jobs ended, only so many are looked at, the latest. `dead` are all that have failed, ever.
    """

    depth: Sequence[tuple[str, int, int, float]]
    oldest_age: float | None
    succeeded: int
    failed: int
    cancelled: int
    expired: int
    retries: int
    p50: float | None
    p99: float | None
    dead: int


async def load(session: Session, keys: Collection[Key]) -> dict[Key, JobRow]:
    """Return the rows of these jobs, as far as they exist."""
    projects, jobs = zip(*keys, strict=True)
    rows = await session.fetch(
        f"select {_COLUMNS} from job_rows where (project_id, job_id) in"
        " (select * from unnest(%s::uuid[], %s::uuid[]))",
        (list(projects), list(jobs)),
    )
    return {row.key: row for row in (JobRow(*r) for r in rows)}


async def save(session: Session, rows: Sequence[JobRow]) -> None:
    """Insert or update rows, all in one statement."""
    await session.put(TABLE, rows)


async def page(
    session: Session,
    partition: int,
    project_id: UUID,
    *,
    state: str | None,
    kind: str | None,
    before: int | None,
    limit: int,
) -> tuple[int, list[JobRow]]:
    """Return the checkpoint and a page of a project's jobs asked for before a position, the newest first."""
    conditions, values = "", []
    for name, value in (("state", state), ("kind", kind)):
        if value is not None:
            conditions += f" and r.{name} = %s"
            values.append(value)
    rows = await session.fetch(
        f"with page as materialized (select {_QUALIFIED} from job_rows r"
        f" where r.project_id = %s and r.requested < %s{conditions} order by r.requested desc limit %s)"
        " select c.position, page.* from projection_checkpoints c left join page on true"
        " where c.model = 'jobs' and c.partition = %s order by page.requested desc",
        (project_id, before if before is not None else 2**62, *values, limit, partition),
    )
    if not rows:
        return 0, []
    return rows[0][0], [JobRow(*r[1:]) for r in rows if r[1] is not None]


async def one(session: Session, partition: int, project_id: UUID, job_id: UUID) -> tuple[int, JobRow | None]:
    """Return the checkpoint and a job of a project, None if there is none."""
    rows = await session.fetch(
        f"select c.position, {_QUALIFIED} from projection_checkpoints c"
        " left join job_rows r on r.project_id = %s and r.job_id = %s"
        " where c.model = 'jobs' and c.partition = %s",
        (project_id, job_id, partition),
    )
    if not rows:
        return 0, None
    position, *values = rows[0]
    return position, JobRow(*values) if values[0] is not None else None


async def open_jobs(session: Session, kind: str, after: int, limit: int) -> list[JobRow]:
    """Return unended jobs of a queue asked for after a position, the oldest first, of all projects."""
    rows = await session.fetch(
        f"select {_COLUMNS} from job_rows where kind = %s and ended_at is null and requested > %s"
        " order by requested limit %s",
        (kind, after, limit),
    )
    return [JobRow(*r) for r in rows]


async def running(session: Session, kind: str) -> int:
    """Count the jobs of a queue that run by the log, their workers dead or alive, of all projects."""
    rows = await session.fetch(
        "select count(*) from job_rows where kind = %s and ended_at is null and state = %s", (kind, RUNNING)
    )
    return int(rows[0][0])


async def unapproved(session: Session, kind: str, limit: int) -> list[UUID]:
    """Return jobs of a queue that have waited for approval until their time was over, of all projects."""
    rows = await session.fetch(
        "select job_id from job_rows where kind = %s and ended_at is null and state = %s"
        " and expires_at <= clock_timestamp() order by requested limit %s",
        (kind, JobState.AWAITING_APPROVAL.value, limit),
    )
    return [job_id for (job_id,) in rows]


async def dead(
    session: Session, kind: str | None, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[JobRow]:
    """Return failed jobs of a queue (None: of all), the latest first, of all projects.

    `before` is when the last one of the page before ended, and its id.
    """
    ended, job_id = before or (datetime.max.replace(tzinfo=UTC), UUID(int=0))
    rows = await session.fetch(
        f"select {_COLUMNS} from job_rows where state = 'failed' and kind = any(%s)"
        " and (ended_at, job_id) < (%s, %s) order by ended_at desc, job_id desc limit %s",
        ([kind] if kind else list(KINDS), ended, job_id, limit),
    )
    return [JobRow(*r) for r in rows]


async def figures(session: Session, kind: str) -> QueueFigures:
    """Sum a queue up."""
    depth = await session.fetch(
        "select state, priority, count(*), extract(epoch from clock_timestamp() - min(created_at))::float8"
        " from job_rows where kind = %s and ended_at is null group by 1, 2 order by 1, 2 desc",
        (kind,),
    )
    ended = await session.fetch(
        "with latest as (select state, attempts, started_at, ended_at from job_rows where kind = %s"
        " and ended_at > clock_timestamp() - interval '1 hour' order by ended_at desc limit %s)"
        " select count(*) filter (where state = 'succeeded'), count(*) filter (where state = 'failed'),"
        " count(*) filter (where state = 'cancelled'), count(*) filter (where state = 'expired'),"
        " coalesce(sum(greatest(attempts - 1, 0)), 0),"
        " percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from ended_at - started_at))"
        " filter (where state in ('succeeded', 'failed')),"
        " (select count(*) from job_rows where kind = %s and state = 'failed') from latest",
        (kind, LATEST, kind),
    )
    succeeded, failed, cancelled, expired, retries, quantiles, dead_ones = ended[0]
    p50, p99 = quantiles or (None, None)
    waiting = [age for state, _, _, age in depth if state in WAITING]
    return QueueFigures(
        [(state, priority, count, age) for state, priority, count, age in depth],
        max(waiting, default=None),
        succeeded,
        failed,
        cancelled,
        expired,
        int(retries),
        float(p50) if p50 is not None else None,
        float(p99) if p99 is not None else None,
        dead_ones,
    )


def document(row: JobRow, progress: dict[str, Any] | None = None) -> dict[str, Any]:
    """Render a row as the public document."""
    found: dict[str, Any] = {
        "id": str(row.job_id),
        "project_id": str(row.project_id),
        "kind": row.kind,
        "state": row.state,
        "priority": row.priority,
        "progress": progress,
        "attempts": row.attempts,
        "requested_by": row.requested_by,
        "version": row.version,
        "position": row.position,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "updated_at": timestamp(row.updated_at),
        "updated_by": row.updated_by,
    }
    for name in ("outline", "error", "result"):
        if (value := getattr(row, name)) is not None:
            found[name] = value
    for name in ("expires_at", "started_at", "ended_at"):
        if (at := getattr(row, name)) is not None:
            found[name] = timestamp(at)
    return found
