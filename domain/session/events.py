"""What can have happened to a collaboration session."""

from dataclasses import dataclass
from typing import ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class SessionEvent(Event):
    """An event of a session's stream."""

    KIND: ClassVar[str] = "collaboration-session"


@dataclass(frozen=True, kw_only=True)
class SessionJoined(SessionEvent):
    """A user came to a project; `client` names the socket."""

    TOPIC: ClassVar[str] = "decklog.collaboration-session.joined"

    project_id: str
    user: str
    client: str


@dataclass(frozen=True, kw_only=True)
class SessionLeft(SessionEvent):
    """The session is over: `reason` is a word such as `closed`, `expired` or `revoked`."""

    TOPIC: ClassVar[str] = "decklog.collaboration-session.left"

    reason: str
