"""When something is due, for very many things: one set a tick instead of one timer each."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Wheel(Generic[T]):
    """Things by the tick at which they are due. Ticks are `tick` seconds long; nothing is due early."""

    def __init__(self, tick: float, now: float) -> None:
        self._tick = tick
        self._next = self._at(now)
        self._slots: dict[int, dict[T, None]] = {}

    def _at(self, moment: float) -> int:
        return int(moment / self._tick)

    def add(self, thing: T, moment: float) -> int:
        """Remember a thing until a moment; what is returned takes it out again."""
        slot = max(self._at(moment) + 1, self._next)
        self._slots.setdefault(slot, {})[thing] = None
        return slot

    def discard(self, thing: T, slot: int) -> None:
        """Forget a thing that was added."""
        found = self._slots.get(slot)
        if found is not None:
            found.pop(thing, None)
            if not found:
                del self._slots[slot]

    def all(self) -> list[T]:
        """Return everything that is waited for."""
        return [thing for slot in self._slots.values() for thing in slot]

    def due(self, now: float) -> list[T]:
        """Take out and return what is due by now."""
        found: list[T] = []
        last = self._at(now)
        if last - self._next > len(self._slots):
            slots = sorted(slot for slot in self._slots if slot <= last)
        else:
            slots = list(range(self._next, last + 1))
        for slot in slots:
            found += self._slots.pop(slot, ())
        self._next = max(self._next, last + 1)
        return found
