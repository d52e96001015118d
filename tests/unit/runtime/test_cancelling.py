"""What was told to end ends, even where a cancellation was lost on the way."""

import asyncio
from collections.abc import Callable

import pytest

from infra.cancelling import end


def losing(cancellations: int, ended: Callable[[], None]) -> Callable[[], asyncio.Future[None]]:
    """Return a wait that loses so many cancellations, as `asyncio.wait_for` on Python 3.11 does."""

    async def wait() -> None:
        lost = 0
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if lost == cancellations:
                    ended()
                    raise
                lost += 1

    return lambda: asyncio.ensure_future(wait())


@pytest.mark.parametrize("lost", [0, 1, 3])
async def test_a_task_that_loses_cancellations_is_told_again(lost: int) -> None:
    ends: list[int] = []
    work = losing(lost, lambda: ends.append(1))()
    assert isinstance(work, asyncio.Task)
    await asyncio.sleep(0)
    await end(work, again=0.01)
    assert work.cancelled()
    assert ends == [1]


async def test_tasks_of_a_group_are_told_again_too() -> None:
    # On a loop of its own, for it ends all that is there.
    assert await asyncio.to_thread(asyncio.run, _ended_group()) == ["bad", "good"]


async def _ended_group() -> list[str]:
    ends: list[str] = []

    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            for name, lost in (("good", 0), ("bad", 2)):
                tasks.create_task(_awaited(losing(lost, lambda name=name: ends.append(name))))

    work = asyncio.create_task(group())
    await asyncio.sleep(0.01)
    await end(work, everything=True, again=0.01)
    assert work.done()
    return sorted(ends)


async def _awaited(wait: Callable[[], asyncio.Future[None]]) -> None:
    await wait()


async def test_what_fails_while_it_ends_has_ended() -> None:
    async def fail() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the line is dead")

    work = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await end(work, again=0.01)
    assert isinstance(work.exception(), OSError)
