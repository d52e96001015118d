"""What a verification can find, and where."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Kind = Literal[
    "changed",  # a column that the hash covers, or the hash
    "deleted",  # an event is missing
    "inserted",  # an event is there that was not
    "reordered",  # events stand in another order
    "truncated",  # the tail is missing that a checkpoint covers
    "rewritten",  # consistent in itself, but not what a checkpoint signed
    "checkpoint",  # a checkpoint was changed, removed, or is not signed with the trusted key
    "head",  # the head row does not fit the last event
    "refused",  # a line of a file is not as `events export` writes it
]
KEPT = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One break: its kind, its exact place as far as it has one, and a sentence for people.

    `line` counts from 1 in an exported file; `number` is a checkpoint's.
    """

    kind: Kind
    detail: str
    position: int | None = None
    stream: UUID | None = None
    version: int | None = None
    line: int | None = None
    number: int | None = None

    @property
    def order(self) -> int:
        """Sort key: along the log, what has no position first."""
        return -1 if self.position is None else self.position

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "kind": self.kind,
            "position": self.position,
            "stream": str(self.stream) if self.stream else None,
            "version": self.version,
            "line": self.line,
            "number": self.number,
            "detail": self.detail,
        }


@dataclass(slots=True)
class Findings:
    """The first few of each kind, and how many there are; memory stays bounded on a log that is all wrong."""

    counts: Counter[Kind] = field(default_factory=Counter)
    first: dict[Kind, list[Finding]] = field(default_factory=dict)

    def add(self, finding: Finding, times: int = 1) -> None:
        """Count a finding, and keep it if it is among the first of its kind."""
        self.counts[finding.kind] += times
        kept = self.first.setdefault(finding.kind, [])
        kept.append(finding)
        if len(kept) > KEPT:
            kept.sort(key=lambda f: f.order)
            kept.pop()

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add several."""
        for finding in findings:
            self.add(finding)

    def merge(self, other: "Findings") -> None:
        """Take over what another part of the log had."""
        for kind, kept in other.first.items():
            for finding in kept:
                self.add(finding)
            self.counts[kind] += other.counts[kind] - len(kept)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def of(self, kind: Kind) -> Finding | None:
        """Return the first of a kind along the log."""
        return min(self.first.get(kind, []), key=lambda f: f.order, default=None)

    def listed(self) -> list[Finding]:
        """Return what was kept, along the log."""
        return sorted((f for kept in self.first.values() for f in kept), key=lambda f: f.order)
