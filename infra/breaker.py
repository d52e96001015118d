"""A circuit breaker: what failed is left alone for a while, so that callers need not wait to learn it again."""

from collections.abc import Callable


class Breaker:
    """Closed until calls fail; then open for a time that grows from failure to failure.

    When it has been open for so long, one call is let through, and its outcome decides for all.

    Args:
        clock: monotonic seconds.
        rest: seconds that it is open after a first failure.
        longest: seconds that it is open at most.
        tolerated: failures in a row that do not open it yet.
    """

    def __init__(
        self, clock: Callable[[], float], *, rest: float = 0.25, longest: float = 2.0, tolerated: int = 0
    ) -> None:
        self._clock = clock
        self._tolerated = tolerated
        self._failures = 0
        self._rest, self._longest = rest, longest
        self._pause = rest
        self._until: float | None = None
        self.opened = 0

    @property
    def is_open(self) -> bool:
        """Tell whether calls are to be spared; whoever is told that they are not makes the trial."""
        if self._until is None:
            return False
        if self._clock() < self._until:
            return True
        # One trial: the others go on sparing themselves until it is known how it went.
        self._until = self._clock() + self._pause
        return False

    @property
    def retry_after(self) -> float:
        """Return the seconds until the next trial."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock())

    def succeeded(self) -> None:
        """Close it."""
        self._failures = 0
        if self._until is not None:
            self._until, self._pause = None, self._rest

    def failed(self) -> None:
        """Open it, if that is more than is tolerated."""
        self._failures += 1
        if self._failures <= self._tolerated:
            return
        self.opened += 1
        self._pause = self._rest if self._until is None else min(2 * self._pause, self._longest)
        self._until = self._clock() + self._pause
