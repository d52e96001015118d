"""Aggregates with few events and few commands: they are read from their streams each time, never cached."""

from collections.abc import Sequence
from uuid import UUID

from commands.folding import Loaded
from commands.ports import EventLog
from domain.comments import CommentEvent, CommentThread
from domain.events import Recorded
from domain.job import Job, JobEvent
from domain.theme import BUILT_IN, Theme, ThemeEvent


async def load_theme(log: EventLog, theme_id: UUID) -> Loaded[Theme] | None:
    """Load a theme, of anybody or built in; None if there is none."""
    if (built_in := BUILT_IN.get(theme_id)) is not None:
        return Loaded(built_in, 0)
    return fold_theme(await log.stream(theme_id))


def fold_theme(recorded: Sequence[Recorded]) -> Loaded[Theme] | None:
    """Apply a theme's events; None if the stream is not there, or no theme's."""
    state: Theme | None = None
    for r in recorded:
        if not isinstance(r.event, ThemeEvent):
            return None
        state = Theme.evolve(state, r.event)
    return Loaded(state, recorded[-1].position) if state else None


async def load_job(log: EventLog, job_id: UUID) -> tuple[Loaded[Job], str] | None:
    """Load a job of any project, and who asked for it; None if there is none."""
    recorded = await log.stream(job_id)
    state: Job | None = None
    for r in recorded:
        if not isinstance(r.event, JobEvent):
            return None
        state = Job.evolve(state, r.event)
    return (Loaded(state, recorded[-1].position), recorded[0].actor) if state else None


async def load_thread(log: EventLog, thread_id: UUID) -> Loaded[CommentThread] | None:
    """Load a comment thread of any project; None if there is none."""
    return fold_thread(await log.stream(thread_id))


def fold_thread(recorded: Sequence[Recorded]) -> Loaded[CommentThread] | None:
    """Apply a thread's events; None if the stream is not there, or no thread's."""
    state: CommentThread | None = None
    for r in recorded:
        if not isinstance(r.event, CommentEvent):
            return None
        state = CommentThread.evolve(state, r.event)
    return Loaded(state, recorded[-1].position) if state else None
