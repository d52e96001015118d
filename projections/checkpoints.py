"""How far each read model has come in each partition."""

from collections.abc import Mapping, Sequence

from projections.ports import Session

# Notified with the models, by commas, the partition and the position that they have come to.
CHANNEL = "decklog_checkpoint"
# Notified with the position at which rebuilt tables took the place of live ones.
REBUILT = "decklog_rebuilt"
# Seconds within which a rate forgets; below the least rate it counts as nothing, before numbers become too small.
RATE_OVER = 10.0
LEAST_RATE = 0.001
# What the transaction writes need not be on disk when it ends: rows and checkpoint are lost together, and folded
# again from the log, which is on disk. So a projector waits for no disk, and nobody waits for it.
_LOCK = (
    "select model, position, version, set_config('synchronous_commit', 'off', true)"
    " from projection_checkpoints where partition = %s and model = any(%s) order by model for update"
)
# As of now: what was folded long ago counts for little.
RATE_NOW = (
    f"case when rate < {LEAST_RATE} or updated_at < clock_timestamp() - interval '{15 * RATE_OVER} seconds' then 0"
    f" else rate * exp(-extract(epoch from clock_timestamp() - updated_at)::float8 / {RATE_OVER}) end"
)


async def lock(session: Session, model: str, partition: int, version: int) -> int:
    """Return a model's checkpoint and keep other writers of it out until the transaction ends."""
    await session.execute(
        "insert into projection_checkpoints (model, partition, position, version) values (%s, %s, 0, %s)"
        " on conflict do nothing",
        (model, partition, version),
    )
    rows = await session.fetch(
        "select position from projection_checkpoints where model = %s and partition = %s for update",
        (model, partition),
    )
    position: int = rows[0][0]
    return position


async def advance(session: Session, model: str, partition: int, position: int, version: int) -> None:
    """Move a checkpoint, whose rows a version of the model's code folded, and tell who waits for it."""
    await session.execute(
        "update projection_checkpoints set position = %s, version = %s, updated_at = clock_timestamp()"
        " where model = %s and partition = %s",
        (position, version, model, partition),
    )
    await session.execute("select pg_notify(%s, %s)", (CHANNEL, f"{model} {partition} {position}"))


async def lock_all(session: Session, versions: Mapping[str, int], partition: int) -> dict[str, int]:
    """Return the checkpoints of some models, and keep other writers of them out until the transaction ends.

    They are locked in the order of their names, as everybody does who locks several. A model is left out whose
    rows another version of its code folds: that of an older release, or of a newer one.
    """
    rows = await session.fetch(_LOCK, (partition, list(versions)))
    if len(rows) < len(versions):
        await session.execute(
            "insert into projection_checkpoints (model, partition, position, version)"
            " select m, %s, 0, v from unnest(%s::text[], %s::int[]) as n (m, v) on conflict do nothing",
            (partition, list(versions), list(versions.values())),
        )
        rows = await session.fetch(_LOCK, (partition, list(versions)))
    return {model: position for model, position, version, _ in rows if version == versions[model]}


async def advance_all(session: Session, events: Mapping[str, int], partition: int, position: int) -> None:
    """Move checkpoints, by so many events each, and tell who waits for them when the transaction commits."""
    await session.execute(
        "with moved as (update projection_checkpoints c set position = %s, updated_at = clock_timestamp(),"  # noqa: S608 - constants
        f" events = c.events + n.folded, rate = {RATE_NOW} + n.folded / {RATE_OVER}"
        " from unnest(%s::text[], %s::bigint[]) as n (name, folded)"
        " where c.partition = %s and c.model = n.name returning c.model)"
        " select pg_notify(%s, string_agg(model, ',') || %s) from moved having count(*) > 0",
        (position, list(events), list(events.values()), partition, CHANNEL, f" {partition} {position}"),
    )


async def behind(session: Session, versions: Mapping[str, int]) -> list[str]:
    """Return the models whose rows an older version of their code folded."""
    rows = await session.fetch(
        "select distinct c.model from projection_checkpoints c"
        " join unnest(%s::text[], %s::int[]) as n (name, version) on n.name = c.model and n.version > c.version"
        " order by 1",
        (list(versions), list(versions.values())),
    )
    return [model for (model,) in rows]


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
