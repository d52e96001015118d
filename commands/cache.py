"""A least-recently-used map, bounded by the number of its entries and by what they weigh."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar

V = TypeVar("V")

# Bytes of an entry around what it holds: the map's own share, ids, small fields. Measured, roughly.
ENTRY = 700
# Items of a list that are weighed: every edit of a table of a thousand cells weighs it anew.
SAMPLE = 8


def weight(value: Any) -> int:
    """Return about how many bytes a JSON value takes in memory; of a long list only some items are looked at."""
    if isinstance(value, str):
        return sys.getsizeof(value)
    # A dictionary first: what else may be a mapping takes long to be told.
    if isinstance(value, (dict, Mapping)):
        return 232 + sum(
            [sys.getsizeof(item) if isinstance(item, str) else weight(item) for item in value.values()]
        )
    if isinstance(value, list):
        some = value if len(value) <= SAMPLE else value[:: len(value) // SAMPLE]
        return 72 + 8 * len(value) + sum([weight(item) for item in some]) * len(value) // max(1, len(some))
    return 16


class Bounded(Generic[V]):
    """Keeps what was used last.

    Args:
        capacity: how many entries at most.
        most: about how many bytes at most; the entry put last stays, however heavy.
        weigh: estimates the bytes of a value.
    """

    def __init__(self, capacity: int, most: int, weigh: Callable[[V], int]) -> None:
        self._capacity = capacity
        self._most = most
        self._weigh = weigh
        self._entries: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """About how many bytes are kept."""
        return self._weight

    def get(self, key: Hashable) -> V | None:
        """Return a value, which thereby counts as used."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: V, weight: int | None = None) -> int:
        """Keep a value, and drop what was not used for longest if there is no room.

        Args:
            key: what it is asked for by.
            value: what is kept.
            weight: what it weighs, if that is known.

        Returns:
            What was kept under the key before weighed; 0 if there was nothing.
        """
        known = self._entries.pop(key, None)
        added = self._weigh(value) if weight is None else weight
        replaced = known[1] if known else 0
        self._weight += added - replaced
        self._entries[key] = (value, added)
        while len(self._entries) > self._capacity or (self._weight > self._most and len(self._entries) > 1):
            _, (_, dropped) = self._entries.popitem(last=False)
            self._weight -= dropped
        return replaced
