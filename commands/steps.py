"""Steps: what one request did to a project, as undo and redo walk them.

A step is named by its correlation id and its author; its events stand next to each other in the log. What was
undone is told by events (`StepUndone`, `StepRedone`), so that every process and every replay agrees about it.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final
from uuid import UUID

from commands.ports import Caller, EventQuery
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
_MARKERS: Final = (StepUndone, StepRedone)
_MARKER_TOPICS: Final = [t.TOPIC for t in _MARKERS]
_TOPICS: Final = [t.TOPIC for t in (*UNDOABLE, *_MARKERS, ProjectCreated)]
# Such events of the project that are looked through for the caller's last step.
REACH: Final = 20_000
_CHUNK: Final = 500
_FIRST_CHUNK: Final = 50

# A step's id and its author: keys that clients choose may be the same for two people.
Name = tuple[str, str]


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
    def name(self) -> Name:
        """What tells it from all other steps of the project."""
        return (self.id, self.author)

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
    def marker(self) -> StepUndone | StepRedone | None:
        """What tells that it took back another step, or made one stand again; None if it did neither."""
        return next((r.event for r in self.events if isinstance(r.event, _MARKERS)), None)

    @property
    def job(self) -> str | None:
        """The job on whose behalf it was done."""
        found: str | None = self.events[0].metadata.get("job_id")
        return found

    def is_by(self, caller: Caller) -> bool:
        """Tell whether the caller did it; what a machine does under a person's id is not the person's."""
        return self.author == caller.user and self.events[0].metadata["actor"]["kind"] == caller.kind


@dataclass(slots=True)
class Undone:
    """Which steps are undone, learnt from a walk backwards: the latest word on a step counts."""

    _words: dict[Name, bool] = field(default_factory=dict)
    _jobs: set[str] = field(default_factory=set)

    def learn(self, step: Step) -> None:
        """Take in what a step says about another, unless it was itself undone later."""
        marker = step.marker
        if marker is None or step in self:
            return
        undone = isinstance(marker, StepUndone)
        if self._words.setdefault((marker.step, marker.author), undone) and undone:
            self._jobs.add(marker.step)

    def __contains__(self, step: Step) -> bool:
        return self._words.get(step.name, step.job in self._jobs)


async def last_done(work: UnitOfWork, project_id: UUID, caller: Caller) -> Step | None:
    """Return the caller's last step that was not undone yet; None if there is none within reach."""
    undone = Undone()
    async for step in _steps(work, project_id):
        undone.learn(step)
        if step.marker is None and step.is_by(caller) and step.undoable and step not in undone:
            return step
    return None


async def last_undone(work: UnitOfWork, project_id: UUID, caller: Caller) -> tuple[Step, StepUndone] | None:
    """Return the caller's last undo that stands, and what it says.

    None if there is none, or if the caller has changed something since.
    """
    undone = Undone()
    redone: list[Name] = []
    async for step in _steps(work, project_id):
        undone.learn(step)
        if not step.is_by(caller) or step in undone:
            continue
        marker = step.marker
        if isinstance(marker, StepRedone):
            redone.append((marker.step, marker.author))
        elif marker is None:
            if step.undoable:
                return None
        elif (target := (marker.step, marker.author)) in redone:
            redone.remove(target)
        else:
            return step, marker
    return None


async def is_undone(work: UnitOfWork, project_id: UUID, step: Step) -> bool:
    """Tell whether a step is undone."""
    query = EventQuery(
        project_id=project_id, topics=_MARKER_TOPICS, after=step.events[-1].position, descending=True
    )
    undone = Undone()
    for later in _split(await work.read(query)):
        undone.learn(later)
    return step in undone


async def step_at(work: UnitOfWork, project_id: UUID, position: int) -> Step | None:
    """Return the step that the event at a position belongs to; None if the project has no event there."""
    found = await work.read(EventQuery(project_id=project_id, after=position - 1, to=position), 1)
    if not found:
        return None
    request = _request(found[0])
    back: list[Recorded] = []
    size = _FIRST_CHUNK
    while (to := (back or found)[-1].position - 1) > 0:
        chunk = await work.read(EventQuery(project_id=project_id, to=to, descending=True), size)
        back += (same := _leading(chunk, request))
        if len(same) < size:
            break
        size = _CHUNK
    ahead: list[Recorded] = []
    size = _FIRST_CHUNK
    while True:
        after = (ahead or found)[-1].position
        chunk = await work.read(EventQuery(project_id=project_id, after=after), size)
        ahead += (same := _leading(chunk, request))
        if len(same) < size:
            break
        size = _CHUNK
    steps = _split([*ahead[::-1], *found, *back])
    return next(s for s in steps if any(r.position == position for r in s.events))


async def steps_of_job(work: UnitOfWork, project_id: UUID, job_id: UUID) -> Sequence[Recorded]:
    """Return all events that a job's steps made in the project, in order; none if there is no such job."""
    begun = await work.read(EventQuery(stream_id=job_id, to=1), 1)
    if not begun or begun[0].project_id != project_id:
        return []
    found: list[Recorded] = []
    query = EventQuery(project_id=project_id, topics=_TOPICS, after=begun[0].position)
    while chunk := await work.read(query, _CHUNK):
        found += [r for r in chunk if r.metadata.get("job_id") == str(job_id)]
        query = EventQuery(project_id=project_id, topics=_TOPICS, after=chunk[-1].position)
    return found


async def _steps(work: UnitOfWork, project_id: UUID) -> AsyncIterator[Step]:
    """Walk a project's steps backwards, as far as undo reaches; they hold what matters to undo alone."""
    gathered: list[Recorded] = []
    before: int | None = None
    size = _FIRST_CHUNK
    read = 0
    while read < REACH:
        query = EventQuery(project_id=project_id, topics=_TOPICS, to=before, descending=True)
        chunk = await work.read(query, size)
        for recorded in chunk:
            if gathered and _request(gathered[0]) != _request(recorded):
                for step in _split(gathered):
                    yield step
                gathered = []
            gathered.append(recorded)
        read += len(chunk)
        if len(chunk) < size or chunk[-1].position == 1:
            # Only here is the last one known to be whole.
            for step in _split(gathered):
                yield step
            return
        before, size = chunk[-1].position - 1, _CHUNK


def _request(recorded: Recorded) -> Name:
    """Name the request that an event came of."""
    return (str(recorded.metadata.get("correlation_id", recorded.command_id)), recorded.actor)


def _split(backwards: Iterable[Recorded]) -> Iterator[Step]:
    """Make steps of events, the latest first.

    An undo or redo in a batch is a step of its own, for the rest of the batch can be undone like any other.
    """
    for (correlation, _), events in groupby(backwards, _request):
        request = list(events)
        marking = {r.command_id for r in request if isinstance(r.event, _MARKERS)}
        for command in marking:
            yield Step(str(command), [r for r in request[::-1] if r.command_id == command])
        if rest := [r for r in request[::-1] if r.command_id not in marking]:
            yield Step(correlation, rest)


def _leading(chunk: Iterable[Recorded], request: Name) -> list[Recorded]:
    found: list[Recorded] = []
    for recorded in chunk:
        if _request(recorded) != request:
            break
        found.append(recorded)
    return found
