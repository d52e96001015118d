"""What was found wrong: all of it counted, the first few kept."""

from collections import Counter
from dataclasses import dataclass, field

KEPT = 5


@dataclass(slots=True)
class Findings:
    """Counts by kind, and the first sentences of each."""

    counts: Counter[str] = field(default_factory=Counter)
    told: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, sentence: str) -> None:
        self.counts[kind] += 1
        kept = self.told.setdefault(kind, [])
        if len(kept) < KEPT:
            kept.append(sentence)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def lines(self) -> list[str]:
        """Return a line for each that was kept, and how many more there are."""
        found = []
        for kind, count in self.counts.items():
            found += [f"{kind}: {sentence}" for sentence in self.told[kind]]
            if count > len(self.told[kind]):
                found.append(f"{kind}: and {count - len(self.told[kind])} more")
        return found
