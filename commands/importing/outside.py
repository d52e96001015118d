"""Which lines of a source are neither in a code fence nor in a comment: there alone marks mean something."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")


def outside(lines: Sequence[str], start: int = 0) -> Iterator[int]:
    """Give the indices of such lines, from `start` on."""
    fence, in_comment = "", False
    for index in range(start, len(lines)):
        line = lines[index]
        if in_comment:
            in_comment = "-->" not in line
        elif opened := _FENCE.match(line):
            marks = opened[1]
            if not fence:
                fence = marks
            elif marks.startswith(fence) and not line[opened.end() :].strip():
                fence = ""
        elif fence:
            continue
        elif line.lstrip(" ").startswith("<!--"):
            in_comment = "-->" not in line
        else:
            yield index
