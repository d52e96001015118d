"""The project as a fold of its events, and what may happen to it next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from domain.errors import Forbidden, Invalid, NotFound
from domain.project.events import (
    AccessGranted,
    AccessRevoked,
    OwnershipTransferred,
    ProjectArchived,
    ProjectBranched,
    ProjectCreated,
    ProjectEvent,
    ProjectRenamed,
    ProjectUnarchived,
    ThemeApplied,
    VersionNamed,
)
from domain.project.retention import ProjectAttached, ProjectDetached
from domain.roles import Role

MEMBERS_LIMIT = 1_000
VERSIONS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Project:
    """One project at one version. Immutable, so that concurrent commands can share a cached one.

    Methods named after commands return the events that the command causes; none means that it would
    change nothing.
    """

    id: UUID
    version: int
    title: str
    aspect: str
    theme_id: str | None
    members: Mapping[str, Role]
    archived: bool = False
    # The project that this one was branched from.
    origin_id: UUID | None = None
    # How many named versions it has.
    versions: int = 0

    @staticmethod
    def create(
        project_id: UUID, *, title: str, owner: str, aspect: str, theme_id: str | None
    ) -> ProjectCreated:
        """Start a project."""
        return ProjectCreated(
            originator_id=project_id,
            originator_version=1,
            title=title,
            owner=owner,
            aspect=aspect,
            theme_id=theme_id,
        )

    @staticmethod
    def evolve(state: "Project | None", event: ProjectEvent) -> "Project":
        """Apply one event. A stream begins with `ProjectCreated`, and only there `state` is None."""
        if isinstance(event, ProjectCreated):
            members = {event.owner: Role.OWNER}
            return Project(event.originator_id, 1, event.title, event.aspect, event.theme_id, members)
        if state is None:
            raise ValueError(f"a project's stream cannot begin with {event.TOPIC}")
        version = event.originator_version
        match event:
            case ProjectRenamed():
                return replace(state, version=version, title=event.title)
            case ThemeApplied():
                return replace(state, version=version, theme_id=event.theme_id)
            case VersionNamed():
                return replace(state, version=version, versions=state.versions + 1)
            case ProjectBranched():
                return replace(state, version=version, origin_id=UUID(event.origin_project_id))
            case ProjectArchived():
                return replace(state, version=version, archived=True)
            case ProjectUnarchived():
                return replace(state, version=version, archived=False)
            case _:
                return replace(state, version=version, members=_members_after(state.members, event))

    @property
    def owners(self) -> int:
        """How many members own the project; never less than one."""
        return sum(role is Role.OWNER for role in self.members.values())

    def authorize(self, user: str, required: Role) -> Role:
        """Return the user's role.

        Raises:
            NotFound: the user is no member, and so may not learn that the project exists.
            Forbidden: the role is less than what is required.
        """
        role = self.members.get(user)
        if role is None:
            raise NotFound("no such project")
        if role < required:
            raise Forbidden(f"this needs the role {required.label}; yours is {role.label}")
        return role

    def require_unarchived(self) -> None:
        """Refuse changes to an archived project.

        Raises:
            Forbidden: the project is archived.
        """
        if self.archived:
            raise Forbidden("the project is archived; unarchive it first")

    def rename(self, title: str) -> list[ProjectEvent]:
        """Change the title."""
        if title == self.title:
            return []
        return [ProjectRenamed(originator_id=self.id, originator_version=self.version + 1, title=title)]

    def grant(self, user: str, role: Role) -> list[ProjectEvent]:
        """Make a user a member with this role.

        Raises:
            Invalid: the last owner would lose the ownership, or there are too many members.
        """
        current = self.members.get(user)
        if current is role:
            return []
        if current is Role.OWNER and self.owners == 1:
            raise Invalid.at("role", "the last owner stays owner; make another member owner first")
        if current is None and len(self.members) >= MEMBERS_LIMIT:
            raise Invalid.at("user", f"a project has at most {MEMBERS_LIMIT:,} members", MEMBERS_LIMIT)
        version = self.version + 1
        return [AccessGranted(originator_id=self.id, originator_version=version, user=user, role=role.label)]

    def revoke(self, user: str) -> list[ProjectEvent]:
        """End a user's membership.

        Raises:
            Invalid: the user is the last owner.
        """
        current = self.members.get(user)
        if current is None:
            return []
        if current is Role.OWNER and self.owners == 1:
            raise Invalid.at("user", "the last owner cannot be removed; make another member owner first")
        return [AccessRevoked(originator_id=self.id, originator_version=self.version + 1, user=user)]

    def leave(self, user: str) -> list[ProjectEvent]:
        """End a member's own membership.

        Raises:
            Invalid: the user is the last owner.
        """
        if self.members.get(user) is Role.OWNER and self.owners == 1:
            raise Invalid.at(
                "project_id", "its last owner cannot leave; transfer the ownership to another member first"
            )
        return self.revoke(user)

    def transfer(self, owner: str, user: str) -> list[ProjectEvent]:
        """Hand the ownership of `owner` over to another member, and leave `owner` an editor.

        Raises:
            Invalid: the user is no member.
        """
        if user not in self.members:
            raise Invalid.at("user", "is no member of the project; grant access first")
        if user == owner:
            return []
        return [
            OwnershipTransferred(
                originator_id=self.id, originator_version=self.version + 1, from_user=owner, to_user=user
            )
        ]

    def name_version(self, version_id: UUID, name: str, position: int) -> list[ProjectEvent]:
        """Give the state at a position a name. Names may repeat: the ids tell versions apart.

        Raises:
            Invalid: there are too many.
        """
        if self.versions >= VERSIONS_LIMIT:
            raise Invalid.at(
                "project_id", f"has {VERSIONS_LIMIT} named versions, which is the most", VERSIONS_LIMIT
            )
        return [
            VersionNamed(
                originator_id=self.id,
                originator_version=self.version + 1,
                version_id=str(version_id),
                name=name,
                position=position,
            )
        ]

    def apply_theme(self, theme_id: str | None) -> list[ProjectEvent]:
        """Show the project in another theme."""
        if theme_id == self.theme_id:
            return []
        version = self.version + 1
        return [ThemeApplied(originator_id=self.id, originator_version=version, theme_id=theme_id)]

    def archive(self) -> list[ProjectEvent]:
        """Make the project read-only."""
        if self.archived:
            return []
        return [ProjectArchived(originator_id=self.id, originator_version=self.version + 1)]

    def unarchive(self) -> list[ProjectEvent]:
        """Make the project editable again."""
        if not self.archived:
            return []
        return [ProjectUnarchived(originator_id=self.id, originator_version=self.version + 1)]


def _members_after(members: Mapping[str, Role], event: ProjectEvent) -> Mapping[str, Role]:
    match event:
        case AccessGranted():
            return {**members, event.user: Role.of(event.role)}
        case AccessRevoked():
            return {user: role for user, role in members.items() if user != event.user}
        case OwnershipTransferred():
            return {**members, event.from_user: Role.EDITOR, event.to_user: Role.OWNER}
        case ProjectDetached():
            # Who is a member of a project that is not there cannot see it.
            return {}
        case ProjectAttached():
            return {user: Role.of(role) for user, role in event.members.items()}
        case _:
            return members
