"""Who may see what, asked of the log itself.

Rights do not wait for a projector: a right that was taken away has to be gone within a second even while
projections stand still. A project's members are folded from its own short stream, kept for a moment, and
checked against the log after that.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.project import Project, ProjectEvent
from domain.roles import Role
from projections.ports import LogReader

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
        self._log = log
        self._clock = clock
        self._max_age = max_age
        self._capacity = capacity
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._asking: dict[UUID, asyncio.Task[Project | None]] = {}

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
        while True:
            # Who joins a question asked earlier may get an answer from before a grant.
            joined = project_id in self._asking
            project = await self._ask(project_id)
            role = project.members.get(user) if project else None
            if role is not None or not joined:
                return role

    async def fresh_role(self, project_id: UUID, user: str) -> Role | None:
        """Return a user's role as of now."""
        self.forget(project_id)
        return await self.role(project_id, user)

    async def members(self, project_id: UUID) -> dict[str, Role]:
        """Return all members and their roles."""
        known = self._known.get(project_id)
        fresh = known is not None and self._clock() - known.at <= self._max_age
        project = known.project if known and fresh else await self._ask(project_id)
        return dict(project.members) if project else {}

    async def roles(self, project_ids: Iterable[UUID], user: str) -> dict[UUID, Role]:
        """Return a user's roles in those of the projects where there is one."""
        found = [(i, await self.role(i, user)) for i in project_ids]
        return {i: role for i, role in found if role is not None}

    def forget(self, project_id: UUID) -> None:
        """Ask the log at the next use: an event has changed the project."""
        known = self._known.get(project_id)
        if known is not None:
            self._known[project_id] = _Known(known.project, float("-inf"))

    async def _ask(self, project_id: UUID) -> Project | None:
        task = self._asking.get(project_id)
        if task is None:
            task = asyncio.create_task(self._load(project_id))
            self._asking[project_id] = task
            task.add_done_callback(lambda _: self._asking.pop(project_id, None))
        return await asyncio.shield(task)

    async def _load(self, project_id: UUID) -> Project | None:
        asked = self._clock()
        known = self._known.get(project_id)
        project = known.project if known else None
        for recorded in await self._log.stream(project_id, project.version if project else 0):
            if not isinstance(recorded.event, ProjectEvent):
                return None
            project = Project.evolve(project, recorded.event)
        if project is not None:
            self._known[project_id] = _Known(project, asked)
            self._known.move_to_end(project_id)
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return project
