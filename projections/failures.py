"""Read models that stand before an event they cannot fold, and what an operator has them leave out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from projections.ports import Session


@dataclass(frozen=True, slots=True)
class Failure:
    """A read model stands before the event at `position` in a partition; `age` is in seconds."""

    model: str
    partition: int
    position: int
    error: str
    age: float


async def note(session: Session, model: str, partition: int, position: int, error: str) -> None:
    """Write down that a model cannot fold the event at a position."""
    await session.execute(
        "insert into projection_failures (model, partition, position, error) values (%s, %s, %s, %s)"
        " on conflict (model, partition) do update set position = excluded.position, error = excluded.error,"
        " failed_at = case when projection_failures.position = excluded.position"
        " then projection_failures.failed_at else excluded.failed_at end",
        (model, partition, position, error),
    )
    await session.execute(
        "update projection_checkpoints set errors = errors + 1 where model = %s and partition = %s",
        (model, partition),
    )


async def mended(session: Session, model: str, partition: int) -> None:
    """Write down that a model goes on."""
    await session.execute(
        "delete from projection_failures where model = %s and partition = %s", (model, partition)
    )


async def table(session: Session) -> list[Failure]:
    """Return all failures."""
    rows = await session.fetch(
        "select model, partition, position, error, extract(epoch from clock_timestamp() - failed_at)::float8"
        " from projection_failures order by model, partition"
    )
    return [Failure(*row) for row in rows]


async def skip(session: Session, model: str, position: int, *, reason: str, by: str) -> None:
    """Have a model leave an event out from now on."""
    await session.execute(
        "insert into projection_skips (model, position, reason, skipped_by) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (model, position, reason, by),
    )


async def skipped(session: Session, model: str) -> Collection[int]:
    """Return the positions that a model leaves out."""
    rows = await session.fetch("select position from projection_skips where model = %s", (model,))
    return {position for (position,) in rows}


@dataclass(frozen=True, slots=True)
class Skip:
    """An operator has a read model leave an event out."""

    model: str
    position: int
    reason: str
    skipped_by: str
    skipped_at: datetime


async def skips(session: Session, limit: int = 100) -> list[Skip]:
    """Return the last events that read models leave out, the latest first."""
    rows = await session.fetch(
        "select model, position, reason, skipped_by, skipped_at from projection_skips"
        " order by skipped_at desc limit %s",
        (limit,),
    )
    return [Skip(*row) for row in rows]
