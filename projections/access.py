"""Who may see what, asked of the log itself.

Rights do not wait for a projector: a right that was taken away has to be gone within a second even while
projections stand still. A project's members are folded from its own short stream, kept for a moment, and
checked against the log after that.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.project import Project, ProjectEvent
from domain.roles import Role
from projections.asking import Asking
from projections.ports import LogReader, Recorded

__all__ = ["Rights", "Role"]


@dataclass(frozen=True, slots=True)
class _Known:
    project: Project
    at: float


class Rights:
    """Roles of users in projects, never older than `max_age` seconds."""

    def __init__(
        self, log: LogReader, clock: Callable[[], float], max_age: float, capacity: int = 50_000
    ) -> None:
        self._questions = Asking(log)
        self._clock = clock
        self._max_age = max_age
        self._capacity = capacity
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._asking: dict[UUID, asyncio.Task[Project | None]] = {}
        # Projects that changed while the log was being asked about them.
        self._outdated: set[UUID] = set()

    def cached(self, project_id: UUID, user: str) -> Role | None:
        """Return the role if it is known and fresh; None says nothing."""
        known = self._known.get(project_id)
        if known is None or self._clock() - known.at > self._max_age:
            return None
        return known.project.members.get(user)

    async def role(self, project_id: UUID, user: str) -> Role | None:
        """Return a user's role, None for no member. A denial is always asked for anew."""
        role = self.cached(project_id, user)
        if role is not None:
            return role
        if self._under_way(project_id):
            # A question asked earlier may be answered from before a grant, or before a revocation.
            await self._ask(project_id)
            role = self.cached(project_id, user)
            if role is not None:
                return role
        project = await self._ask(project_id)
        return project.members.get(user) if project else None

    async def fresh_role(self, project_id: UUID, user: str) -> Role | None:
        """Return a user's role as of now."""
        if self._under_way(project_id):
            await self._ask(project_id)
        # What is under way now was begun after this was called.
        project = await self._ask(project_id)
        return project.members.get(user) if project else None

    async def fresh_members(self, project_id: UUID) -> dict[str, Role]:
        """Return all members and their roles as of now."""
        if self._under_way(project_id):
            await self._ask(project_id)
        project = await self._ask(project_id)
        return dict(project.members) if project else {}

    async def members(self, project_id: UUID) -> dict[str, Role]:
        """Return all members and their roles."""
        known = self._known.get(project_id)
        if known is None or self._clock() - known.at > self._max_age:
            return await self.fresh_members(project_id)
        return dict(known.project.members)

    async def roles(self, project_ids: Iterable[UUID], user: str) -> dict[UUID, Role]:
        """Return a user's roles in those of the projects where there is one."""
        # Questions asked at once are one statement, however many.
        ids = list(dict.fromkeys(project_ids))
        found = await asyncio.gather(*(self.role(i, user) for i in ids))
        return {i: role for i, role in zip(ids, found, strict=True) if role is not None}

    def forget(self, project_id: UUID) -> None:
        """Ask the log at the next use: an event has changed the project."""
        known = self._known.get(project_id)
        if known is not None:
            self._known[project_id] = _Known(known.project, float("-inf"))
        if self._under_way(project_id):
            self._outdated.add(project_id)

    def forget_all(self) -> None:
        """Know nothing any more: the log is another one. Who waits for an answer gets it, but it is not kept."""
        self._known.clear()
        self._asking.clear()

    def seen(self, project_id: UUID, version: int) -> None:
        """Ask the log at the next use if the project was seen at a later version than is known here."""
        known = self._known.get(project_id)
        if known is not None and known.project.version < version:
            self.forget(project_id)

    def _under_way(self, project_id: UUID) -> bool:
        # A task that has ended is still listed until its callbacks run, and waiting for it would not yield.
        task = self._asking.get(project_id)
        return task is not None and not task.done()

    async def _ask(self, project_id: UUID) -> Project | None:
        if not self._under_way(project_id):
            self._asking[project_id] = asyncio.create_task(self._load(project_id))
            self._asking[project_id].add_done_callback(lambda task: self._answered(project_id, task))
        return await asyncio.shield(self._asking[project_id])

    def _answered(self, project_id: UUID, task: asyncio.Task[Project | None]) -> None:
        if self._asking.get(project_id) is task:
            del self._asking[project_id]

    async def _load(self, project_id: UUID) -> Project | None:
        asked = self._clock()
        self._outdated.discard(project_id)
        known = self._known.get(project_id)
        project = known.project if known else None
        events: Sequence[Recorded] = await self._questions.stream(
            project_id, project.version if project else 0
        )
        for recorded in events:
            if not isinstance(recorded.event, ProjectEvent):
                return None
            project = Project.evolve(project, recorded.event)
        # Another log has begun meanwhile if this task is not listed any more.
        if project is not None and self._asking.get(project_id) is asyncio.current_task():
            at = float("-inf") if project_id in self._outdated else asked
            self._known[project_id] = _Known(project, at)
            self._known.move_to_end(project_id)
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return project
