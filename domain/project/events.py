"""What can have happened to a project."""

from dataclasses import dataclass
from typing import ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class ProjectEvent(Event):
    """An event of a project's own stream."""

    KIND: ClassVar[str] = "project"


@dataclass(frozen=True, kw_only=True)
class ProjectCreated(ProjectEvent):
    """A project came to be; `owner` is its first member."""

    TOPIC: ClassVar[str] = "decklog.project.created"

    title: str
    owner: str
    aspect: str
    theme_id: str | None


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
