"""Commands on comments. No answer holds what somebody wrote, for answers are kept."""

from collections.abc import Sequence
from typing import Any

from commands.answers import Decision
from commands.context import Context
from commands.messages import OpenComment, ReplyComment, ResolveComment
from commands.unit_of_work import StreamState
from domain.comments import CommentEvent, CommentThread
from domain.errors import Invalid


async def open_thread(command: OpenComment, context: Context) -> Decision:
    """Begin a thread on a block or on the project."""
    if command.block_id is not None:
        block = await context.work.block(command.project_id, command.block_id)
        if block.deleted:
            raise Invalid.at("block_id", "is deleted; undelete it first")
    thread_id = command.thread_id or context.new_id("thread")
    event = CommentThread.open(
        thread_id, project_id=command.project_id, block_id=command.block_id, text=command.text
    )
    streams = context.record(command.project_id, [event])
    return Decision(command.project_id, streams, result={"thread_id": str(thread_id)})


async def reply(command: ReplyComment, context: Context) -> Decision:
    """Add to a thread."""
    thread = await context.work.thread(command.project_id, command.thread_id)
    reply_id = context.new_id("reply")
    events = thread.reply(reply_id, command.text)
    return _decided(thread, events, context, {"reply_id": str(reply_id)})


async def resolve(command: ResolveComment, context: Context) -> Decision:
    """Settle a thread, or open it again."""
    thread = await context.work.thread(command.project_id, command.thread_id)
    return _decided(thread, thread.settle(resolved=command.resolved), context, {})


def _decided(
    thread: CommentThread, events: Sequence[CommentEvent], context: Context, result: dict[str, Any]
) -> Decision:
    if not events:
        state = StreamState(thread.id, CommentEvent.KIND, thread.version)
        return Decision(thread.project_id, [state], "unchanged")
    return Decision(thread.project_id, context.record(thread.project_id, events), result=result)
