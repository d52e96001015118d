"""How far each read model is behind the log, how fast it goes, and what stands in its way.

All of it is in tables, so that any process can tell it of all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from projections import failures
from projections.checkpoints import RATE_NOW
from projections.partitions import partition_of
from projections.ports import Session

# The latest events of the log, among which are those that a model lacks; of one that lacks more, the lag is a
# bound. A table of them is read each time: few columns of few rows.
WINDOW = 2_000


@dataclass(frozen=True, slots=True)
class Lag:
    """What a reader of a partition lacks: how many events (no more than these, if not `exact`), and for how long.

    That is the age of the first of them; if it is not `exact`, of the first that is known.
    """

    events: int
    milliseconds: float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """One read model in one partition. `rate` is in events a second, over the last ten or so."""

    model: str
    version: int
    partition: int
    position: int
    rate: float
    events: int
    errors: int
    # None: it has not begun.
    seconds_since_moved: float | None
    lag: Lag
    stopped: failures.Failure | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The log's head, its latest events as (position, partition, seconds ago), and how all models stand to it."""

    head: int
    after: int
    window: Sequence[tuple[int, int, float]]
    models: Sequence[Progress] = ()

    def lag(self, position: int, partition: int) -> Lag:
        """Return what somebody lacks who has come to a position in a partition."""
        if position >= self.head:
            return Lag(0, 0.0)
        ages = [age for p, k, age in self.window if p > position and k == partition]
        oldest = 1000 * max(ages, default=0.0)
        if position < self.after:
            return Lag(self.head - position, oldest, exact=False)
        return Lag(len(ages), oldest)


async def measure(session: Session, versions: Mapping[str, int], partitions: int) -> Measured:
    """Look how each read model (name: version of its code) stands to the log in each partition."""
    stopped = {(f.model, f.partition): f for f in await failures.table(session)}
    rows = await session.fetch(
        f"select model, partition, version, position, {RATE_NOW}, events, errors,"  # noqa: S608 - constants
        " extract(epoch from clock_timestamp() - updated_at)::float8 from projection_checkpoints"
    )
    moved = {(model, partition): values for model, partition, *values in rows}
    # The log is looked at after the checkpoints: what came in between counts as lag, and never less.
    known = await _window(session, partitions)
    found = []
    for model, partition in product(versions, range(partitions)):
        nothing = [versions[model], 0, 0.0, 0, 0, None]
        version, position, rate, events, errors, seconds = moved.get((model, partition), nothing)
        lag, stands = known.lag(position, partition), stopped.get((model, partition))
        found.append(
            Progress(model, version, partition, position, rate, events, errors, seconds, lag, stands)
        )
    return Measured(known.head, known.after, known.window, found)


async def _window(session: Session, partitions: int) -> Measured:
    [(head,)] = await session.fetch("select position from log_head")
    rows = await session.fetch(
        "select notification_id, project_id, extract(epoch from clock_timestamp() - recorded_at)::float8"
        " from stored_events where notification_id > %s and notification_id <= %s",
        (head - WINDOW, head),
    )
    window = [(p, partition_of(project, partitions), max(age, 0.0)) for p, project, age in rows]
    return Measured(head, head - WINDOW, window)
