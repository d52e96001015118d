"""Reads of tables that are not cached: asked again until the read model has come far enough."""

from typing import TypeVar

from read_api.side import Reading
from read_api.tables import Load

T = TypeVar("T")


async def of_project(
    reading: Reading, model: str, partition: int, min_position: int, load: Load[T]
) -> tuple[int, T]:
    """Return what a model says of a project, and the position as of which it is true.

    Raises:
        Unavailable: the model did not come to `min_position` in time.
    """
    return await reading.tables.reached(model, partition, min_position, load)


async def of_all(reading: Reading, model: str, min_position: int, load: Load[T]) -> tuple[int, T]:
    """Return what a model says that rests on all partitions, and the position as of which it is true.

    Raises:
        Unavailable: the model did not come to `min_position` in time.
    """

    async def nothing_missing(position: int, wanted: int) -> bool:
        return await reading.nothing_missing(model, position, wanted)

    return await reading.tables.reached(model, None, min_position, load, nothing_missing)
