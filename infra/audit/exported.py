"""Reads an exported NDJSON file for those who check it, without a database."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from infra.audit.cloudevents import Parser
from infra.audit.rows import RawRow
from infra.audit.source import Refused, Span

_SAMPLE = 100
_BLOCK = 1 << 20
# Longer than any line: a state has at most 64 KiB of content, escaped.
LINE_MAX = 16 << 20
_PROJECT = slice(32, 48)


@dataclass(frozen=True, slots=True)
class ExportedLog:
    """An exported file; implements `Source`, a span counts bytes and a line is in the span where it begins."""

    path: Path
    project: UUID | None = None

    @property
    def whole(self) -> Span:
        """All bytes."""
        return 0, self.path.stat().st_size

    @property
    def gapless(self) -> bool:
        """Whether this is the whole log, not one project of it."""
        return self.project is None

    def estimate(self) -> int:
        """Guess from the first lines how many there are."""
        with self.path.open("rb") as file:
            lengths = [len(line) for _, line in zip(range(_SAMPLE), file, strict=False)]
        return self.whole[1] * len(lengths) // sum(lengths) if lengths else 0

    def rows(self, span: Span) -> Generator[RawRow, None, None]:
        """Read the lines that begin in a span.

        Raises:
            Refused: a line is not as `events export` writes it, or of another project.
        """
        first, end = span
        parse = Parser().parse
        project = self.project.bytes if self.project else None
        with self.path.open("rb") as file:
            if first:
                file.seek(first - 1)
                first += len(file.readline(LINE_MAX)) - 1
            at = first
            while at < end:
                line = file.readline(LINE_MAX)
                try:
                    row = parse(line)
                except Refused as refused:
                    raise Refused(refused.reason, at) from None
                if project is not None and row[0][_PROJECT] != project:
                    raise Refused("an event of another project", at)
                yield row
                at += len(line)

    def line_at(self, at: int) -> int:
        """Return the number, from 1, of the line that begins at a byte."""
        lines = 1
        with self.path.open("rb") as file:
            while at > 0 and (block := file.read(min(at, _BLOCK))):
                lines += block.count(b"\n")
                at -= len(block)
        return lines
