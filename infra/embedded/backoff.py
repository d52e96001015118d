"""How long to wait before something that died is started again."""

import time

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0
SETTLED_SECONDS = 30.0


class Backoff:
    """Delays that double from one death to the next, and start over after a long enough life."""

    def __init__(
        self,
        *,
        at_once_first: bool = False,
        settled: float = SETTLED_SECONDS,
        longest: float = LONGEST_SECONDS,
    ) -> None:
        """Begin with the shortest delay.

        Args:
            at_once_first: Do not wait at all after the first death of a row.
            settled: Seconds of life after which the earlier deaths are forgotten.
            longest: Seconds that no delay exceeds.
        """
        self._at_once_first = at_once_first
        self._settled = settled
        self._longest = longest
        self._deaths = 0
        self._born = time.monotonic()

    def born(self) -> None:
        """Note a start."""
        self._born = time.monotonic()

    def died(self) -> float:
        """Note a death; return the seconds to wait before the next start."""
        if time.monotonic() - self._born >= self._settled:
            self._deaths = 0
        self._deaths += 1
        doublings = self._deaths - (2 if self._at_once_first else 1)
        # The exponent is bounded first: a float of 2.0 ** 1100 would overflow after days of deaths.
        return 0.0 if doublings < 0 else min(FIRST_SECONDS * 2.0 ** min(doublings, 16), self._longest)
