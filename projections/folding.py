"""Events into a read model's rows, also where whole projects leave the log and come back.

A project that was detached is forgotten; one that came back is folded anew from its first event, for its
rows may have been forgotten at any time (a rebuild met nothing but tombstones of it).
"""

from collections.abc import Sequence
from uuid import UUID

from domain.events import Event, Recorded
from domain.project import ProjectAttached, ProjectRetention
from projections.model import ReadModel
from projections.ports import LogReader, Session

CHUNK = 1_000


def concerned(
    models: Sequence[ReadModel], events: Sequence[Recorded]
) -> list[tuple[ReadModel, list[Recorded]]]:
    """Tell which models have something to fold, and what: most events concern one of many."""
    due: dict[str, list[Recorded]] = {m.name: [] for m in models}
    takers: dict[type[Event], list[list[Recorded]]] = {}
    for recorded in events:
        kind = type(recorded.event)
        lists = takers.get(kind)
        if lists is None:
            lists = [due[m.name] for m in models if issubclass(kind, (*m.follows, ProjectRetention))]
            takers[kind] = lists
        for taker in lists:
            taker.append(recorded)
    return [(m, due[m.name]) for m in models if due[m.name]]


async def fold(model: ReadModel, session: Session, events: Sequence[Recorded], log: LogReader) -> None:
    """Fold events, in order, into a model's rows, in the transaction that moves its checkpoint."""
    start = 0
    for i, recorded in enumerate(events):
        if not isinstance(recorded.event, ProjectRetention):
            continue
        await model.apply(session, events[start:i])
        await model.forget(session, recorded.project_id)
        if isinstance(recorded.event, ProjectAttached):
            await _fold_again(model, session, log, recorded.project_id, recorded.position)
        start = i + 1
    await model.apply(session, events[start:] if start else events)


async def _fold_again(model: ReadModel, session: Session, log: LogReader, project_id: UUID, to: int) -> None:
    after = 0
    while after < to:
        # On the connection at hand: with one more for each model, many could wait for each other.
        events = await log.project_within(session, project_id, after, CHUNK)
        if not events:
            return
        await model.apply(session, [e for e in events if e.position <= to])
        after = events[-1].position
