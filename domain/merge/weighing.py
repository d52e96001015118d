"""Three-way choice between values, and the record of where it could not be made."""

from typing import Any, Literal

from domain.merge.diff import Work
from domain.merge.records import Clash, Side
from domain.merge.text import merge_text

Kind = Literal["whole", "words", "lines"]


class Weighing:
    """One merge in progress: who wins, the steps that are left, and the clashes so far."""

    def __init__(self, winner: Side) -> None:
        self.winner: Side = winner
        self.work = Work()
        self.clashes: list[Clash] = []

    def won(self, theirs: Any, mine: Any) -> Any:
        """Choose the winner's."""
        return mine if self.winner == "mine" else theirs

    def weigh(self, kind: Kind, base: Any, theirs: Any, mine: Any) -> tuple[Any, bool]:
        """Return the merged value, and whether the winner's stands as both could not be had."""
        if theirs in (base, mine):
            return mine, False
        if mine == base:
            return theirs, False
        if kind == "whole" or not (isinstance(theirs, str) and isinstance(mine, str)):
            return self.won(theirs, mine), True
        return merge_text(base or "", theirs, mine, winner=self.winner, by=kind, work=self.work)

    def settle(
        self, kind: Kind, where: tuple[str, str | None, str | None], base: Any, theirs: Any, mine: Any
    ) -> Any:
        """Return the merged value; a clash is recorded."""
        value, clash = self.weigh(kind, base, theirs, mine)
        if clash:
            self.clash(where, base, theirs, mine)
        return value

    def clash(self, where: tuple[str, str | None, str | None], base: Any, theirs: Any, mine: Any) -> None:
        """Record a clash: field, item, part, and the three values."""
        self.clashes.append(Clash(*where, base, theirs, mine))
