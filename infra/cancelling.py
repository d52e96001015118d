"""Cancellations that a library loses: what loops have to look at themselves, and how to end what does not end."""

import asyncio
import logging
from typing import Any, Final

logger = logging.getLogger(__name__)

# Seconds until what was told to end is told again.
AGAIN: Final = 1.0


def stop_if_cancelled() -> None:
    """End this task if it was told to and a library did not pass that on.

    `asyncio.wait_for` loses a cancellation that comes together with its result on Python 3.11; redis-py and
    the connection pool wait that way.

    Raises:
        asyncio.CancelledError: the task was cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def end(work: asyncio.Task[Any], *, everything: bool = False, again: float = AGAIN) -> None:
    """Cancel a task until it has ended; its outcome is its own.

    Args:
        work: what is to end.
        everything: tell all other tasks of this loop too, when it does not: a task group passes a cancellation on
            once only, so that one of its tasks which lost it would be waited for without end.
        again: seconds until it is told again.
    """
    work.cancel()
    while not (await asyncio.wait({work}, timeout=again))[0]:
        logger.warning("%s has not ended yet, and is told again", work.get_name())
        still = asyncio.all_tasks() - {asyncio.current_task()} if everything else {work}
        for task in still:
            task.cancel()
