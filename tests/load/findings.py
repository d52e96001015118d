"""What people met: how often, how long it took, what was refused, what was missed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from infra.telemetry.measures import Histogram

# The service asks to come back later: that is an answer, and no failure.
LATER = frozenset({429, 503})
_FINE = 400


@dataclass(slots=True)
class Findings:
    """All that was counted. Times are in seconds."""

    seconds: float = 0.0
    times: dict[str, Histogram] = field(default_factory=dict)
    later: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    # Events that live readers got, those that were not the one after the last, and sockets that ended.
    delivered: int = 0
    repeated: int = 0
    lost: int = 0
    delays: Histogram = field(default_factory=Histogram)

    def answered(self, what: str, status: int, seconds: float) -> None:
        """Count an answer."""
        if status in LATER:
            self.later[f"{what} {status}"] += 1
        elif status >= _FINE:
            self.failed[f"{what} {status}"] += 1
        else:
            self.times.setdefault(what, Histogram()).observe(seconds)

    @property
    def good(self) -> bool:
        """Whether nothing failed, and no live reader got an event twice."""
        return not self.failed and not self.repeated

    def document(self) -> dict[str, Any]:
        """Render them for machines."""
        return {
            "seconds": round(self.seconds, 1),
            "requests": {
                what: {
                    "count": times.count,
                    "per_second": round(times.count / self.seconds, 1),
                    **{f"p{int(q * 100)}_ms": _ms(times.quantile(q)) for q in (0.5, 0.95, 0.99)},
                }
                for what, times in sorted(self.times.items())
            },
            "later": dict(self.later),
            "failed": dict(self.failed),
            "live": {
                "delivered": self.delivered,
                "repeated": self.repeated,
                "sockets_lost": self.lost,
                "p95_ms": _ms(self.delays.quantile(0.95)),
                "p99_ms": _ms(self.delays.quantile(0.99)),
            },
        }

    def lines(self) -> list[str]:
        """Render them for people."""
        found = [f"{'':10} {'all':>8} {'a second':>9} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
        document = self.document()
        for what, d in document["requests"].items():
            found.append(
                f"{what:10} {d['count']:>8,} {d['per_second']:>9,} {d['p50_ms']:>8} {d['p95_ms']:>8} {d['p99_ms']:>8}"
            )
        live = document["live"]
        found.append(
            f"live: {live['delivered']:,} events, {live['repeated']} repeated, {live['sockets_lost']} sockets lost,"
            f" p95 {live['p95_ms']} ms, p99 {live['p99_ms']} ms after they were recorded"
        )
        found += [f"told to come back later: {what}, {n:,} times" for what, n in self.later.most_common()]
        found += [f"FAILED: {what}, {n:,} times" for what, n in self.failed.most_common()]
        return found


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
