"""The comment thread aggregate: one remark on a project or on a block, and what was replied."""

from domain.comments.aggregate import REPLIES_LIMIT, CommentThread
from domain.comments.events import (
    CommentEvent,
    ThreadOpened,
    ThreadReopened,
    ThreadReplied,
    ThreadResolved,
)

__all__ = [
    "REPLIES_LIMIT",
    "CommentEvent",
    "CommentThread",
    "ThreadOpened",
    "ThreadReopened",
    "ThreadReplied",
    "ThreadResolved",
]
