"""Reads of tables that are not cached: asked again until the read model has come far enough."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.http.errors import Unavailable
from projections.ports import Session
from read_api.side import Reading

T = TypeVar("T")

# What asks the tables: it returns the model's checkpoint and what it found, of one snapshot.
Load = Callable[[Session], Awaitable[tuple[int, T]]]


async def of_project(
    reading: Reading, model: str, partition: int, min_position: int, load: Load[T]
) -> tuple[int, T]:
    """Return what a model says of a project, and the position as of which it is true.

    Raises:
        Unavailable: the model did not come to `min_position` in time.
    """
    deadline = _deadline(reading)
    while True:
        async with reading.side.database.session() as session:
            position, found = await load(session)
        if position >= min_position:
            return position, found
        _require_time(deadline, min_position, position)
        await reading.watch.reach(model, partition, min_position)


async def of_all(reading: Reading, model: str, min_position: int, load: Load[T]) -> tuple[int, T]:
    """Return what a model says that rests on all partitions, and the position as of which it is true.

    Raises:
        Unavailable: the model did not come to `min_position` in time.
    """
    deadline = _deadline(reading)
    known = 0
    while True:
        async with reading.side.database.session() as session:
            position, found = await load(session)
        position = max(position, known)
        if position >= min_position:
            return position, found
        if await reading.nothing_missing(model, position, min_position):
            # So it was before the next look, whose rows are as late at least.
            known = min_position
            continue
        _require_time(deadline, min_position, position)
        await reading.watch.reach(model, None, min_position)


def _deadline(reading: Reading) -> float:
    return asyncio.get_running_loop().time() + reading.settings.read_wait_ms / 1000


def _require_time(deadline: float, wanted: int, position: int) -> None:
    if asyncio.get_running_loop().time() >= deadline:
        raise Unavailable(f"position {wanted} has not been reached yet; it is {position}")
