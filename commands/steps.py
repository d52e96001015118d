"""Steps: what one request did to a project, as undo and redo walk them.

A step is named by its correlation id; its events stand next to each other in the log. What was undone is told
by events (`StepUndone`, `StepRedone`), so that every process and every replay agrees about it.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from commands.ports import EventQuery
from commands.unit_of_work import UnitOfWork
from domain.block import BlockAdded, BlockDeleted, BlockEdited, BlockMoved, BlockUndeleted
from domain.events import Recorded
from domain.project import ProjectCreated, ProjectRenamed, StepRedone, StepUndone, ThemeApplied

# What can be taken back. Access, comments, names of versions and the like cannot.
UNDOABLE: Final = (
    BlockAdded,
    BlockEdited,
    BlockMoved,
    BlockDeleted,
    BlockUndeleted,
    ProjectRenamed,
    ThemeApplied,
)
# Events of the project that are looked through for the caller's last step.
REACH: Final = 20_000
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Step:
    """What one request did to the project: its id and its events, in order."""

    id: str
    events: Sequence[Recorded]

    @property
    def author(self) -> str:
        """Who did it."""
        return self.events[0].actor

    @property
    def position(self) -> int:
        """The position of its first event."""
        return self.events[0].position

    @property
    def undoable(self) -> bool:
        """Whether it changed something that can be taken back."""
        if any(isinstance(r.event, ProjectCreated) for r in self.events):
            return False
        return any(isinstance(r.event, UNDOABLE) for r in self.events)

    @property
    def undid(self) -> str | None:
        """The step that it took back, if that is what it did."""
        return next((r.event.step for r in self.events if isinstance(r.event, StepUndone)), None)

    @property
    def redid(self) -> str | None:
        """The step that it made stand again, if that is what it did."""
        return next((r.event.step for r in self.events if isinstance(r.event, StepRedone)), None)


def step_id(recorded: Recorded) -> str:
    """Return the id of the step that an event belongs to."""
    return str(recorded.metadata.get("correlation_id", recorded.command_id))


async def last_done(work: UnitOfWork, project_id: UUID, user: str) -> Step | None:
    """Return the last step of a user that was not undone yet; None if there is none within reach."""
    undone: set[str] = set()
    decided: set[str] = set()
    async for step in _steps(work, project_id):
        # The latest word on a step counts, unless it was itself taken back.
        if step.id not in undone:
            for target, is_undone in ((step.undid, True), (step.redid, False)):
                if target is not None and target not in decided:
                    decided.add(target)
                    if is_undone:
                        undone.add(target)
        ordinary = step.undid is None and step.redid is None
        if ordinary and step.author == user and step.undoable and step.id not in undone:
            return step
    return None


async def last_undone(work: UnitOfWork, project_id: UUID, user: str) -> tuple[Step, str] | None:
    """Return a user's last undo that was not reversed yet, and the step it took back.

    None if there is none, or if the user has changed something since.
    """
    redone: set[str] = set()
    async for step in _steps(work, project_id):
        if step.author != user:
            continue
        if step.redid is not None:
            redone.add(step.redid)
        elif step.undid is not None:
            if step.undid not in redone:
                return step, step.undid
            redone.discard(step.undid)
        elif step.undoable:
            return None
    return None


async def step_at(work: UnitOfWork, project_id: UUID, position: int) -> Step | None:
    """Return the step that the event at a position belongs to; None if the project has no event there."""
    found = await work.read(EventQuery(project_id=project_id, after=position - 1, to=position), 1)
    if not found:
        return None
    name = step_id(found[0])
    back: list[Recorded] = []
    while chunk := await _chunk(
        work, EventQuery(project_id=project_id, to=_before(back, found), descending=True)
    ):
        back += (same := _leading(chunk, name))
        if len(same) < len(chunk):
            break
    ahead: list[Recorded] = []
    while chunk := await _chunk(work, EventQuery(project_id=project_id, after=(ahead or found)[-1].position)):
        ahead += (same := _leading(chunk, name))
        if len(same) < len(chunk):
            break
    return Step(name, [*reversed(back), *found, *ahead])


async def steps_of_job(work: UnitOfWork, project_id: UUID, job_id: UUID) -> Sequence[Recorded]:
    """Return all events that a job's steps made in the project, in order; none if there is no such job."""
    begun = await work.read(EventQuery(stream_id=job_id, to=1), 1)
    if not begun or begun[0].project_id != project_id:
        return []
    found: list[Recorded] = []
    after = begun[0].position
    while chunk := await work.read(EventQuery(project_id=project_id, after=after), _CHUNK):
        found += [r for r in chunk if r.metadata.get("job_id") == str(job_id)]
        after = chunk[-1].position
    return found


async def _steps(work: UnitOfWork, project_id: UUID) -> AsyncIterator[Step]:
    """Walk a project's steps backwards, as far as undo reaches."""
    gathered: list[Recorded] = []
    before: int | None = None
    read = 0
    while read < REACH:
        chunk = await work.read(EventQuery(project_id=project_id, to=before, descending=True), _CHUNK)
        for recorded in chunk:
            if gathered and step_id(gathered[0]) != step_id(recorded):
                yield Step(step_id(gathered[0]), gathered[::-1])
                gathered = []
            gathered.append(recorded)
        read += len(chunk)
        if len(chunk) < _CHUNK:
            break
        before = chunk[-1].position - 1
    if gathered:
        yield Step(step_id(gathered[0]), gathered[::-1])


def _before(back: Sequence[Recorded], found: Sequence[Recorded]) -> int:
    return (back or found)[-1].position - 1


async def _chunk(work: UnitOfWork, query: EventQuery) -> Sequence[Recorded]:
    return await work.read(query, _CHUNK) if query.to is None or query.to > 0 else ()


def _leading(chunk: Iterable[Recorded], name: str) -> list[Recorded]:
    found: list[Recorded] = []
    for recorded in chunk:
        if step_id(recorded) != name:
            break
        found.append(recorded)
    return found
