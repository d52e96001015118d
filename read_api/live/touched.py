"""What changed last, by project and stream: the memory that keeps the in-process cache true."""

from uuid import UUID

Key = tuple[UUID, str]

CAPACITY = 200_000


class Touched:
    """Positions of the last event of each stream, bounded.

    What was forgotten is answered by `floor`: an upper bound of all that is not remembered.
    """

    def __init__(self, floor: int, capacity: int = CAPACITY) -> None:
        self._floor = floor
        self._capacity = capacity
        self._new: dict[Key, int] = {}
        self._old: dict[Key, int] = {}

    def mark(self, key: Key, position: int) -> None:
        """Remember that something changed at a position."""
        self._new[key] = position
        if len(self._new) >= self._capacity:
            self._floor = max(self._floor, max(self._old.values(), default=0))
            self._old, self._new = self._new, {}

    def last(self, key: Key) -> int:
        """Return a position at or after the last change of the thing."""
        position = self._new.get(key)
        if position is None:
            position = self._old.get(key, self._floor)
        return position
