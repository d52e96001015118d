"""What is promised of a measurement, and what a measurement says of the promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

# What one measurement found, by name; a budget picks its own.
Measured = Mapping[str, float]


class Verdict(StrEnum):
    """How a row stands to its budget."""

    BELOW = "below floor"
    HOLDS = "holds"
    REACHED = "aim reached"
    TOLD = "told only"
    MISSING = "not measured"


@dataclass(frozen=True, slots=True)
class Budget:
    """A row of the table, before it is measured.

    `key` picks the number out of what is measured. Floor and aim speak of the ratio of ours to the
    yardstick, or, if `absolute`, of our number itself.
    """

    what: str
    yardstick: str
    floor: float | None = None
    aim: float | None = None
    key: str = "rate"
    unit: str = "/s"
    lower_is_better: bool = False
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, and their ends."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, measured; or why it was not."""

    bench: str
    budget: Budget
    yardstick: Spread | None = None
    ours: Spread | None = None
    ratio: Spread | None = None
    # All that was measured, round by round: yardstick and ours.
    rounds: Sequence[tuple[Measured, Measured]] = ()
    why_not: str = ""

    @classmethod
    def of(cls, bench: str, budget: Budget, rounds: Sequence[tuple[Measured, Measured]]) -> "Row":
        """Sum up rounds: ratios are those of each round, for what disturbs one disturbs its other half too."""
        yardstick = [y[budget.key] for y, _ in rounds]
        ours = [o[budget.key] for _, o in rounds]
        ratios = [o / y for y, o in zip(yardstick, ours, strict=True)]
        return cls(bench, budget, Spread.of(yardstick), Spread.of(ours), Spread.of(ratios), tuple(rounds))

    @property
    def verdict(self) -> Verdict:
        """Compare with floor and aim."""
        judged = self.ours if self.budget.absolute else self.ratio
        if judged is None:
            return Verdict.MISSING
        if self.budget.floor is None:
            return Verdict.TOLD
        if self._as_good(judged.median, self.budget.aim):
            return Verdict.REACHED
        return Verdict.HOLDS if self._as_good(judged.median, self.budget.floor) else Verdict.BELOW

    def spreads(self) -> dict[str, Spread | None]:
        """Return what was measured, by name."""
        return {"yardstick": self.yardstick, "ours": self.ours, "ratio": self.ratio}

    def _as_good(self, value: float, bound: float | None) -> bool:
        if bound is None:
            return False
        return value <= bound if self.budget.lower_is_better else value >= bound
