"""What can have happened to a project."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class ProjectEvent(Event):
    """An event of a project's own stream."""

    KIND: ClassVar[str] = "project"


@dataclass(frozen=True, kw_only=True)
class ProjectCreated(ProjectEvent):
    """A project came to be; `owner` is its first member.

    Version 1 knew neither `aspect` nor `theme_id`: all decks were wide, and none had a theme.
    """

    TOPIC: ClassVar[str] = "decklog.project.created"
    class_version: ClassVar[int] = 2

    title: str
    owner: str
    aspect: str
    theme_id: str | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Bring stored fields of version 1 to version 2."""
        # Some were stored with both fields before the version was raised: they keep them.
        state.setdefault("aspect", "16:9")
        state.setdefault("theme_id", None)


@dataclass(frozen=True, kw_only=True)
class ProjectRenamed(ProjectEvent):
    """The title changed."""

    TOPIC: ClassVar[str] = "decklog.project.renamed"

    title: str


@dataclass(frozen=True, kw_only=True)
class AccessGranted(ProjectEvent):
    """A person became a member, or a member's role changed."""

    TOPIC: ClassVar[str] = "decklog.project.access-granted"

    user: str
    role: str


@dataclass(frozen=True, kw_only=True)
class AccessRevoked(ProjectEvent):
    """A person is no longer a member."""

    TOPIC: ClassVar[str] = "decklog.project.access-revoked"

    user: str


@dataclass(frozen=True, kw_only=True)
class ProjectArchived(ProjectEvent):
    """The project became read-only and left the default list."""

    TOPIC: ClassVar[str] = "decklog.project.archived"


@dataclass(frozen=True, kw_only=True)
class ProjectUnarchived(ProjectEvent):
    """The project can be edited again."""

    TOPIC: ClassVar[str] = "decklog.project.unarchived"


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(ProjectEvent):
    """`to_user` became the owner, and `from_user`, who was it, an editor."""

    TOPIC: ClassVar[str] = "decklog.project.ownership-transferred"

    from_user: str
    to_user: str


@dataclass(frozen=True, kw_only=True)
class ThemeApplied(ProjectEvent):
    """The project is shown in another theme; None is the plain one."""

    TOPIC: ClassVar[str] = "decklog.project.theme-applied"

    theme_id: str | None


@dataclass(frozen=True, kw_only=True)
class VersionNamed(ProjectEvent):
    """The state at `position` got a name under which it can be found again."""

    TOPIC: ClassVar[str] = "decklog.project.version-named"

    version_id: str
    name: str
    position: int


@dataclass(frozen=True, kw_only=True)
class ProjectRestored(ProjectEvent):
    """Title, theme, tree and content were brought back to what they were at `to_position`.

    The events that did it have the same command id.
    """

    TOPIC: ClassVar[str] = "decklog.project.restored"

    to_position: int


@dataclass(frozen=True, kw_only=True)
class ProjectBranched(ProjectEvent):
    """This project began as a copy of another, as that was at `origin_position`."""

    TOPIC: ClassVar[str] = "decklog.project.branched"

    origin_project_id: str
    origin_position: int


@dataclass(frozen=True, kw_only=True)
class BranchMerged(ProjectEvent):
    """What a branch had changed up to `branch_position` was merged into this project."""

    TOPIC: ClassVar[str] = "decklog.project.branch-merged"

    branch_project_id: str
    branch_position: int


@dataclass(frozen=True, kw_only=True)
class StepUndone(ProjectEvent):
    """What a request, `step` (its correlation id), had changed was taken back; `author` had made it.

    The events that did it have the same command id. `position` is that of the step's first event.
    """

    TOPIC: ClassVar[str] = "decklog.project.step-undone"

    step: str
    position: int
    author: str


@dataclass(frozen=True, kw_only=True)
class StepRedone(ProjectEvent):
    """An undo was reversed: what `step` had changed stands again."""

    TOPIC: ClassVar[str] = "decklog.project.step-redone"

    step: str
    position: int
    author: str
