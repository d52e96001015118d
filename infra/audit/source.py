"""Where rows come from, for those who check them: the database or a file, split among processes."""

from collections.abc import Iterable
from typing import Protocol

from infra.audit.rows import RawRow

# A part of a source, in whatever it counts: positions, or bytes of a file. The end is not in it.
Span = tuple[int, int]


class Refused(ValueError):
    """A line of a file is not as `events export` writes it; `at` is the byte where it begins."""

    def __init__(self, reason: str, at: int = 0) -> None:
        super().__init__(reason, at)
        self.reason = reason
        self.at = at


class Source(Protocol):
    """A log to read; it goes to other processes, so it is picklable and opens what it needs there."""

    @property
    def whole(self) -> Span:
        """All of it."""
        ...

    @property
    def gapless(self) -> bool:
        """Whether positions follow without gaps."""
        ...

    def estimate(self) -> int:
        """Return about how many events there are."""
        ...

    def rows(self, span: Span) -> Iterable[RawRow]:
        """Read a part, in order.

        Raises:
            Refused: a line of a file makes no sense.
            psycopg.Error: the database is away.
        """
        ...
