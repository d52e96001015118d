"""A whole project leaves the log for a file, and comes back from it.

Both are events of the project's own stream, so that whoever decided or cached something before meets another
version, and so that the hash chain says what the tombstones in the log have to be.
"""

from dataclasses import dataclass
from typing import ClassVar

from domain.project.events import ProjectEvent


@dataclass(frozen=True, kw_only=True)
class ProjectRetention(ProjectEvent):
    """Says nothing of the project itself, only of where its events are."""


@dataclass(frozen=True, kw_only=True)
class ProjectDetached(ProjectRetention):
    """All `events` of the project before this one are tombstones now: to everybody it is not there.

    `tombstones` is the SHA-256 over them all (`infra.audit.tombstones`), `file_sha256` that of the file that
    their content went to; both hexadecimal.
    """

    TOPIC: ClassVar[str] = "decklog.project.detached"

    events: int
    tombstones: str
    file_sha256: str


@dataclass(frozen=True, kw_only=True)
class ProjectAttached(ProjectRetention):
    """The events of a detached project are back in their places, and so are its `members` (user: role)."""

    TOPIC: ClassVar[str] = "decklog.project.attached"

    members: dict[str, str]
