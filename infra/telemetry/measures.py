"""What hot code counts with: plain numbers, which whoever asks for metrics reads.

A process has one thread that counts, so nothing here is locked.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

SECONDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Bounds for what should take milliseconds; the guide's 50 ms is one of them."""
LONG: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Bounds for jobs, in seconds."""
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Bounds for how many were done at once."""


class Histogram:
    """How often values fell between bounds, and their sum. An observation costs 0.2 µs."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(
        self, bounds: Sequence[float] = SECONDS, counts: list[int] | None = None, total: float = 0.0
    ) -> None:
        self.bounds = bounds
        self.counts = counts or [0] * (len(bounds) + 1)
        self.total = total

    def observe(self, value: float) -> None:
        """Count a value: under the first bound that is not less."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)

    def quantile(self, part: float) -> float | None:
        """Estimate a quantile, as Prometheus does: by a straight line within a bucket. None: no value yet."""
        rank, before, low = part * self.count, 0, 0.0
        if not rank:
            return None
        for bound, count in zip(self.bounds, self.counts, strict=False):
            if count and before + count >= rank:
                return low + (bound - low) * (rank - before) / count
            before, low = before + count, bound
        return float(self.bounds[-1])

    def add(self, other: "Histogram") -> None:
        """Add what another of the same bounds counted."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.total += other.total
