"""What can have happened to a comment thread. What people wrote is personal: it can be shredded."""

from dataclasses import dataclass
from typing import ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class CommentEvent(Event):
    """An event of a comment thread's stream."""

    KIND: ClassVar[str] = "comment-thread"


@dataclass(frozen=True, kw_only=True)
class ThreadOpened(CommentEvent):
    """Somebody remarked something on a block, or on the whole project (`block_id` None)."""

    TOPIC: ClassVar[str] = "decklog.comment-thread.opened"
    PERSONAL: ClassVar[tuple[str, ...]] = ("text",)

    project_id: str
    block_id: str | None
    text: str


@dataclass(frozen=True, kw_only=True)
class ThreadReplied(CommentEvent):
    """Somebody replied."""

    TOPIC: ClassVar[str] = "decklog.comment-thread.replied"
    PERSONAL: ClassVar[tuple[str, ...]] = ("text",)

    reply_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ThreadResolved(CommentEvent):
    """The matter is settled."""

    TOPIC: ClassVar[str] = "decklog.comment-thread.resolved"


@dataclass(frozen=True, kw_only=True)
class ThreadReopened(CommentEvent):
    """The matter is open again."""

    TOPIC: ClassVar[str] = "decklog.comment-thread.reopened"
