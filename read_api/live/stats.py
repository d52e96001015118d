"""What this process's live readers did, in numbers that only grow, and how late events reach them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from infra.telemetry.measures import Histogram


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
    # Seconds from an event's commit until its last reader here had been written to.
    lateness: Histogram = field(default_factory=Histogram)

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
                "p50_ms": _ms(late.quantile(0.5)),
                "p99_ms": _ms(late.quantile(0.99)),
            },
        }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e3, 3)
