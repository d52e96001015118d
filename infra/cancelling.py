"""What a loop that runs until it is cancelled has to look at itself."""

import asyncio


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
