"""The comment thread as a fold of its events, and what may happen to it next. It keeps no text."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain.comments.events import (
    CommentEvent,
    ThreadOpened,
    ThreadReopened,
    ThreadReplied,
    ThreadResolved,
)
from domain.errors import Invalid

REPLIES_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class CommentThread:
    """One thread at one version."""

    id: UUID
    project_id: UUID
    version: int
    replies: int = 0
    resolved: bool = False

    @staticmethod
    def open(thread_id: UUID, *, project_id: UUID, block_id: UUID | None, text: str) -> ThreadOpened:
        """Begin a thread."""
        return ThreadOpened(
            originator_id=thread_id,
            originator_version=1,
            project_id=str(project_id),
            block_id=str(block_id) if block_id else None,
            text=text,
        )

    @staticmethod
    def evolve(state: "CommentThread | None", event: CommentEvent) -> "CommentThread":
        """Apply one event. A stream begins with `ThreadOpened`, and only there `state` is None."""
        if isinstance(event, ThreadOpened):
            return CommentThread(event.originator_id, UUID(event.project_id), 1)
        if state is None:
            raise ValueError(f"a comment thread's stream cannot begin with {event.TOPIC}")
        version = event.originator_version
        match event:
            case ThreadReplied():
                return replace(state, version=version, replies=state.replies + 1)
            case ThreadResolved():
                return replace(state, version=version, resolved=True)
            case ThreadReopened():
                return replace(state, version=version, resolved=False)
            case _:
                return replace(state, version=version)

    def reply(self, reply_id: UUID, text: str) -> list[CommentEvent]:
        """Say something to it; a resolved thread takes replies too, and stays resolved.

        Raises:
            Invalid: the thread is full.
        """
        if self.replies >= REPLIES_LIMIT:
            message = f"has {REPLIES_LIMIT:,} replies, which is the most; open another thread"
            raise Invalid.at("thread_id", message, REPLIES_LIMIT)
        version = self.version + 1
        return [
            ThreadReplied(
                originator_id=self.id, originator_version=version, reply_id=str(reply_id), text=text
            )
        ]

    def settle(self, *, resolved: bool) -> list[CommentEvent]:
        """Resolve it, or open it again."""
        if resolved == self.resolved:
            return []
        event_type = ThreadResolved if resolved else ThreadReopened
        return [event_type(originator_id=self.id, originator_version=self.version + 1)]
