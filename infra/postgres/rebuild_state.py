"""How far a rebuild is that is under way somewhere, or was interrupted."""

from dataclasses import dataclass
from datetime import datetime

from infra.postgres.leases import SPACE
from infra.postgres.rebuilds import LOCK
from projections.ports import Session

RUNNING, INTERRUPTED = "running", "interrupted"


@dataclass(frozen=True, slots=True)
class RebuildState:
    """A rebuild: `events` of `total` are folded; when all are, what is left is to compare and to swap."""

    models: tuple[str, ...]
    state: str
    started_at: datetime
    seconds: float
    events: int
    total: int

    @property
    def rate(self) -> float:
        """Events a second, since it began."""
        return self.events / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will take to fold what is left, at this rate; None if nothing is folded yet."""
        return (self.total - self.events) / self.rate if self.rate else None


async def rebuild_state(session: Session) -> RebuildState | None:
    """Return the rebuild that is under way or was interrupted; None if there is none."""
    rows = await session.fetch(
        "select r.models, r.started_at, extract(epoch from clock_timestamp() - r.started_at)::float8, r.head,"
        " (select coalesce(sum(s.events), 0)::bigint from projection_rebuild_shards s),"
        " exists (select from pg_locks where locktype = 'advisory' and granted and classid = %s and objid = %s"
        " and objsubid = 2 and database = (select oid from pg_database where datname = current_database()))"
        " from projection_rebuild r",
        (SPACE, LOCK % 2**32),
    )
    if not rows:
        return None
    models, started_at, seconds, total, events, held = rows[0]
    state = RUNNING if held else INTERRUPTED
    return RebuildState(tuple(models), state, started_at, seconds, min(events, total), total)
