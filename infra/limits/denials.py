"""Refusals that are still known: whoever asks again before the time is refused at the cost of a look-up."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from infra.limits.answers import Standing
from infra.limits.rules import Kind

# Subjects kept in mind; of more, those that asked last.
REMEMBERED: Final = 20_000
OFFENCE_WINDOW: Final = 60.0


@dataclass(slots=True)
class Denial:
    """Until when nothing of a kind is admitted, and how the subject stood then."""

    until: float
    standing: Standing


class Denials:
    """Remembers refusals of this process, and counts how often each subject was refused lately."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._denials: OrderedDict[tuple[str, Kind], Denial] = OrderedDict()
        self._counted: OrderedDict[str, list[float]] = OrderedDict()

    def find(self, subject: str, kind: Kind) -> Denial | None:
        """Return what is known of a refusal that still holds."""
        if not self._denials:
            return None
        denial = self._denials.get((subject, kind))
        if denial is None:
            return None
        if denial.until <= self._clock():
            del self._denials[subject, kind]
            return None
        return denial

    def keep(self, subject: str, kind: Kind, denial: Denial) -> None:
        """Remember a refusal."""
        self._denials[subject, kind] = denial
        self._denials.move_to_end((subject, kind))
        if len(self._denials) > REMEMBERED:
            self._denials.popitem(last=False)

    def count(self, subject: str) -> int:
        """Count a refusal, and return how many there were within a minute."""
        now = self._clock()
        counted = self._counted.get(subject)
        if counted is None or counted[0] + OFFENCE_WINDOW <= now:
            counted = self._counted[subject] = [now, 0]
            if len(self._counted) > REMEMBERED:
                self._counted.popitem(last=False)
        counted[1] += 1
        return int(counted[1])

    def forgive(self, subject: str) -> None:
        """Count anew."""
        self._counted.pop(subject, None)

    def forget(self, subject: str) -> None:
        """Forget all about a subject; about everybody, if it is empty."""
        if not subject:
            self._denials.clear()
            self._counted.clear()
            return
        self._counted.pop(subject, None)
        for kind in Kind:
            self._denials.pop((subject, kind), None)
