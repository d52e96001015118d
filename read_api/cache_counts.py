"""What the cache of a read process did, by kind of document."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Counts:
    """How often each level had the answer.

    `l1`: this process; `stale`: it too, though it was being looked for again; `l2`: Redis; `joined`: another
    request of this process was just looking; `tables`: a statement. `missing` are the answers, of any level,
    that there is no such thing.
    """

    l1: int = 0
    stale: int = 0
    l2: int = 0
    joined: int = 0
    tables: int = 0
    missing: int = 0

    @property
    def asked(self) -> int:
        """How many requests there were."""
        return self.l1 + self.stale + self.l2 + self.joined + self.tables

    @property
    def hit_ratio(self) -> float | None:
        """The part of the requests for which something cached was at hand; None if there was no request."""
        asked = self.asked
        return round((self.l1 + self.stale + self.l2) / asked, 4) if asked else None

    def add(self, other: Mapping[str, int]) -> None:
        """Add what another process counted; what this release does not count is left out."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + other.get(field.name, 0))


class CountsByKind(defaultdict[str, Counts]):
    """Counts of each kind of document, made when they are first needed."""

    def __init__(self) -> None:
        super().__init__(Counts)

    def raw(self) -> dict[str, dict[str, int]]:
        """Return the bare numbers."""
        return {kind: asdict(counts) for kind, counts in sorted(self.items())}


def summed(found: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, Any]:
    """Add up raw counts, and tell the hit ratio of each kind and of all together."""
    by_kind, total = CountsByKind(), Counts()
    for process in found:
        for kind, counts in process.items():
            by_kind[kind].add(counts)
            total.add(counts)
    return {
        "total": {"hit_ratio": total.hit_ratio, **asdict(total)},
        "kinds": {
            kind: {"hit_ratio": counts.hit_ratio, **asdict(counts)}
            for kind, counts in sorted(by_kind.items())
        },
    }
