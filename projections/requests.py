"""Rebuilds that somebody wants done: asked for by an operator over HTTP, or needed by a deployment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from projections.ports import Session

# Notified with nothing when there is something to do.
CHANNEL = "decklog_rebuild_wanted"
OPERATOR, VERSION = "operator", "version"
# Requests that are kept: what came of the others is told by nobody any more.
KEPT = 100
_COLUMNS = "id, models, reason, requested_by, state, requested_at, started_at, ended_at, result"


@dataclass(frozen=True, slots=True)
class Request:
    """A rebuild that is wanted, under way, or was done. `state`: requested, running, done or failed."""

    id: int
    models: Sequence[str]
    reason: str
    requested_by: str
    state: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: Any


async def ask(session: Session, models: Sequence[str], *, reason: str, by: str) -> Request | None:
    """Ask for models to be rebuilt; None if a request is open already."""
    rows = await session.fetch(
        "with made as (insert into projection_requests (models, reason, requested_by) values (%s, %s, %s)"  # noqa: S608 - constants
        f" on conflict do nothing returning {_COLUMNS}), told as (select pg_notify(%s, '') from made)"
        " select made.* from made left join told on true",
        (list(models), reason, by, CHANNEL),
    )
    return Request(*rows[0]) if rows else None


async def take(session: Session) -> Request | None:
    """Take the open request, also one that another process had begun; None if there is none."""
    rows = await session.fetch(
        "update projection_requests set state = 'running', started_at = coalesce(started_at, clock_timestamp())"  # noqa: S608 - constants
        f" where state in ('requested', 'running') returning {_COLUMNS}"
    )
    return Request(*rows[0]) if rows else None


async def end(session: Session, request: Request, result: Any, *, failed: bool = False) -> None:
    """Write down what came of a request, and forget those of long ago."""
    await session.execute(
        "update projection_requests set state = %s, ended_at = clock_timestamp(), result = %s where id = %s",
        ("failed" if failed else "done", orjson.dumps(result).decode(), request.id),
    )
    await session.execute("delete from projection_requests where id <= %s", (request.id - KEPT,))


async def latest(session: Session, limit: int) -> list[Request]:
    """Return the last requests, the newest first."""
    rows = await session.fetch(
        f"select {_COLUMNS} from projection_requests order by id desc limit %s",  # noqa: S608 - constants
        (limit,),
    )
    return [Request(*row) for row in rows]
