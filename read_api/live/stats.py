"""What this process's live readers did, in numbers that only grow, and how late events reach them."""

import bisect
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# Upper bounds, in seconds, of how late an event was when its last reader here had been written to.
BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


@dataclass(slots=True)
class Lateness:
    """A histogram of seconds; `counts` has one more entry than `BOUNDS`, for all that is later."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def saw(self, seconds: float) -> None:
        """Count one event."""
        self.counts[bisect.bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    @property
    def count(self) -> int:
        """How many events were counted."""
        return sum(self.counts)

    def at_most(self, share: float) -> float | None:
        """Return the bound that this share of events was not later than; None: nothing counted, or past all."""
        wanted, seen = share * self.count, 0
        for bound, n in zip(BOUNDS, self.counts, strict=False):
            seen += n
            if seen and seen >= wanted:
                return bound
        return None


@dataclass(slots=True)
class LiveStats:
    """Counts of one process. `closed` and `refused` are by close code; bytes are those of frames."""

    opened: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    closed: Counter[int] = field(default_factory=Counter)
    messages_in: int = 0
    messages_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    # Of what is no event: told together with something newer, or never told to a reader who was behind.
    coalesced: int = 0
    dropped_slow: int = 0
    lateness: Lateness = field(default_factory=Lateness)

    def document(self) -> dict[str, Any]:
        """Render them, for health and admin."""
        late = self.lateness
        return {
            "opened": self.opened,
            "refused": {str(code): n for code, n in sorted(self.refused.items())},
            "closed": {str(code): n for code, n in sorted(self.closed.items())},
            "messages_in": self.messages_in,
            "messages_out": self.messages_out,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "coalesced": self.coalesced,
            "dropped_slow": self.dropped_slow,
            "commit_to_send": {
                "count": late.count,
                "mean_ms": round(late.total / late.count * 1e3, 3) if late.count else None,
                "p50_ms": _ms(late.at_most(0.5)),
                "p99_ms": _ms(late.at_most(0.99)),
            },
        }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e3, 3)
