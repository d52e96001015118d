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
