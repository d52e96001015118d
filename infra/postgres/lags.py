"""How far behind the log its readers are."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.ports import Session

# The slowest partition of each model. Quiet partitions move with the heartbeat only, so this is up to a
# heartbeat's time more than nothing where nothing is missing.
_LAGS = (
    "with slowest as (select model, min(position) as position from projection_checkpoints group by model)"
    " select s.model, greatest(h.position - s.position, 0), coalesce(extract(epoch from clock_timestamp() -"
    " (select recorded_at from stored_events e where e.notification_id = s.position + 1))::float8, 0)"
    " from slowest s, log_head h order by s.model"
)


@dataclass(frozen=True, slots=True)
class Lag:
    """How many events a read model may lack, and how old the first of them is, in seconds."""

    model: str
    events: int
    seconds: float


async def lags(session: Session) -> Sequence[Lag]:
    """Return the lag of each read model."""
    return [Lag(model, events, max(0.0, seconds)) for model, events, seconds in await session.fetch(_LAGS)]
