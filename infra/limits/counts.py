"""What a limiter did, counted since its process started."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Counters, by kind of request or by what happened.

    Attributes:
        admitted, refused: by kind; `shadowed` would have been refused.
        scopes: refusals by whose limit it was (`user`, `address`, `global`, `blocked`).
        local: refusals that cost no Redis, for it was still known.
        failed_open, failed_closed: by kind, while Redis was away.
        offences: callers that were blocked for ignoring refusals.
    """

    admitted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    shadowed: Counter[str] = field(default_factory=Counter)
    scopes: Counter[str] = field(default_factory=Counter)
    failed_open: Counter[str] = field(default_factory=Counter)
    failed_closed: Counter[str] = field(default_factory=Counter)
    local: int = 0
    offences: int = 0

    def decisions(self) -> dict[tuple[str, ...], int]:
        """Return the counters by kind and decision."""
        found = {
            "admitted": self.admitted,
            "refused": self.refused,
            "shadowed": self.shadowed,
            "failed_open": self.failed_open,
            "failed_closed": self.failed_closed,
        }
        return {
            (str(kind), decision): n for decision, counted in found.items() for kind, n in counted.items()
        }

    def as_json(self) -> dict[str, Any]:
        """Render as JSON."""
        return {
            "admitted": _plain(self.admitted),
            "refused": _plain(self.refused),
            "shadowed": _plain(self.shadowed),
            "scopes": _plain(self.scopes),
            "failed_open": _plain(self.failed_open),
            "failed_closed": _plain(self.failed_closed),
            "local": self.local,
            "offences": self.offences,
        }


def _plain(counter: Counter[str]) -> dict[str, int]:
    """Return a dictionary whose keys are texts and no members of an enumeration: orjson takes no others."""
    return {str(key): number for key, number in counter.items()}


def summed(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add up what several processes counted."""
    total = Counts().as_json()
    for counts in found:
        for name, value in counts.items():
            if isinstance(value, dict):
                for key, number in value.items():
                    total[name][key] = total[name].get(key, 0) + number
            else:
                total[name] = total.get(name, 0) + value
    return total
