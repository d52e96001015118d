"""Commands on comments."""

import unicodedata
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field

from commands.messages.base import ProjectCommand
from domain.roles import Role

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"
_BLOCK = "c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02"
_THREAD = "9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a4f"
_LINES = "\t\n\r"


def _readable(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in _LINES for c in text):
        raise ValueError("contains control characters")
    if not text.strip():
        raise ValueError("is blank")
    return text


CommentText = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_readable)]


class OpenComment(ProjectCommand):
    """Remark something on a block, or on the whole project. What is written can be shredded."""

    NAME: ClassVar[str] = "open-comment"
    SUMMARY: ClassVar[str] = "Open a comment"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project_id": _PROJECT,
        "block_id": _BLOCK,
        "text": "Is this figure final?",
    }
    REQUIRES: ClassVar[Role | None] = Role.COMMENTER
    CREATES: ClassVar[bool] = True

    text: CommentText
    block_id: UUID | None = None
    thread_id: UUID | None = None

    def lock_keys(self) -> tuple[UUID, ...]:
        """New threads do not meet."""
        return ()


class ReplyComment(ProjectCommand):
    """Reply to a comment, a resolved one too. A thread takes at most 1,000 replies."""

    NAME: ClassVar[str] = "reply-comment"
    SUMMARY: ClassVar[str] = "Reply to a comment"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project_id": _PROJECT,
        "thread_id": _THREAD,
        "text": "It is, see the ledger.",
    }
    REQUIRES: ClassVar[Role | None] = Role.COMMENTER
    CREATES: ClassVar[bool] = True

    thread_id: UUID
    text: CommentText

    def lock_keys(self) -> tuple[UUID, ...]:
        """Replies queue up by thread."""
        return (self.thread_id,)


class ResolveComment(ProjectCommand):
    """Settle a comment, or open it again with `resolved` false."""

    NAME: ClassVar[str] = "resolve-comment"
    SUMMARY: ClassVar[str] = "Resolve a comment"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "thread_id": _THREAD}
    REQUIRES: ClassVar[Role | None] = Role.COMMENTER

    thread_id: UUID
    resolved: bool = True

    def lock_keys(self) -> tuple[UUID, ...]:
        """It meets the thread's replies."""
        return (self.thread_id,)
