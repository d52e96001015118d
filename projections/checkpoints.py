"""How far each read model has come in each partition."""

from collections.abc import Sequence

from projections.ports import Session

CHANNEL = "decklog_checkpoint"
# Notified with the position at which rebuilt tables took the place of live ones.
REBUILT = "decklog_rebuilt"
_LOCK = (
    "select model, position from projection_checkpoints where partition = %s and model = any(%s)"
    " order by model for update"
)


async def lock(session: Session, model: str, partition: int) -> int:
    """Return a model's checkpoint and keep other writers of it out until the transaction ends."""
    await session.execute(
        "insert into projection_checkpoints (model, partition, position) values (%s, %s, 0) on conflict do nothing",
        (model, partition),
    )
    rows = await session.fetch(
        "select position from projection_checkpoints where model = %s and partition = %s for update",
        (model, partition),
    )
    position: int = rows[0][0]
    return position


async def advance(session: Session, model: str, partition: int, position: int) -> None:
    """Move a checkpoint, and tell who waits for it when the transaction commits."""
    await session.execute(
        "update projection_checkpoints set position = %s, updated_at = clock_timestamp()"
        " where model = %s and partition = %s",
        (position, model, partition),
    )
    await session.execute("select pg_notify(%s, %s)", (CHANNEL, f"{model} {partition} {position}"))


async def lock_all(session: Session, models: Sequence[str], partition: int) -> dict[str, int]:
    """Return the checkpoints of some models, and keep other writers of them out until the transaction ends.

    They are locked in the order of their names, as everybody does who locks several.
    """
    rows = await session.fetch(_LOCK, (partition, list(models)))
    if len(rows) < len(models):
        await session.execute(
            "insert into projection_checkpoints (model, partition, position)"
            " select m, %s, 0 from unnest(%s::text[]) as m on conflict do nothing",
            (partition, list(models)),
        )
        rows = await session.fetch(_LOCK, (partition, list(models)))
    return {model: position for model, position in rows}  # noqa: C416 - rows are tuples of any length to mypy


async def advance_all(session: Session, models: Sequence[str], partition: int, position: int) -> None:
    """Move checkpoints, and tell who waits for them when the transaction commits."""
    await session.execute(
        "with moved as (update projection_checkpoints set position = %s, updated_at = clock_timestamp()"
        " where partition = %s and model = any(%s) returning model)"
        " select pg_notify(%s, model || %s) from moved",
        (position, partition, list(models), CHANNEL, f" {partition} {position}"),
    )


async def of(session: Session, model: str, partition: int) -> int:
    """Return a model's checkpoint; 0 if it has none yet."""
    rows = await session.fetch(
        "select position from projection_checkpoints where model = %s and partition = %s", (model, partition)
    )
    return int(rows[0][0]) if rows else 0


async def last_swap(session: Session) -> int:
    """Return the position at which rebuilt tables last took the place of live ones; 0 if they never did."""
    rows = await session.fetch("select coalesce(max(position), 0) from projection_versions")
    position: int = rows[0][0]
    return position


async def slowest(session: Session, partition: int, models: Sequence[str]) -> int:
    """Return the least checkpoint of a partition over the models; 0 if one has none yet."""
    rows = await session.fetch(
        "select count(*), min(position) from projection_checkpoints where partition = %s and model = any(%s)",
        (partition, list(models)),
    )
    known, least = rows[0]
    return least if known == len(models) else 0


async def table(session: Session) -> list[tuple[str, int, int, float]]:
    """Return (model, partition, position, seconds since it moved) of every checkpoint."""
    rows = await session.fetch(
        "select model, partition, position, extract(epoch from clock_timestamp() - updated_at)::float8"
        " from projection_checkpoints order by model, partition"
    )
    return [(r[0], r[1], r[2], r[3]) for r in rows]
