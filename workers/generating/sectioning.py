"""From the sections of a source to as many chapters as there are to be slides."""

from dataclasses import dataclass, field
from typing import Final

from workers.generating.scanning import Part, Section
from workers.generating.scoring import Scorer, alike

# Characters that one slide tells of, if it may be chosen how many slides there are; and what a table counts as.
_A_SLIDE: Final = 1_800
_KEPT: Final = 900
_MOST_BY_DEFAULT: Final = 20
# So far, as a share of a chapter, the best place for a boundary is looked for.
_WINDOW: Final = 0.35
_SHORT: Final = 160


@dataclass(slots=True)
class Chapter:
    """What one slide is made of. `number` tells chapters of one section apart, 0 where there is only one."""

    title: str
    level: int
    parts: list[Part] = field(default_factory=list)
    number: int = 0

    @property
    def size(self) -> int:
        """How much there is to tell, about in characters."""
        return sum(
            min(_KEPT, p.end - p.start) if p.kind in ("table", "code") else p.end - p.start
            for p in self.parts
        )


def chapters_of(sections: list[Section], wanted: int | None, scorer: Scorer) -> list[Chapter]:
    """Return chapters, `wanted` of them if the source has enough to say; None: as many as suit it."""
    found = [Chapter(s.title, s.level, list(s.parts)) for s in sections if s.parts]
    found = _with_strays(found)
    total = sum(c.size for c in found)
    most = wanted or min(_MOST_BY_DEFAULT, max(len(found), -(-total // _A_SLIDE)))
    while len(found) > most:
        _merge_smallest(found)
    while len(found) < most and _split_largest(found, scorer, at_least=1 if wanted else _A_SLIDE):
        pass
    return found


def _with_strays(chapters: list[Chapter]) -> list[Chapter]:
    """Put a few words without a heading to what stands before them."""
    found: list[Chapter] = []
    for chapter in chapters:
        if found and not chapter.title and chapter.size < _SHORT:
            found[-1].parts += chapter.parts
        else:
            found.append(chapter)
    return found


def _merge_smallest(chapters: list[Chapter]) -> None:
    """Merge the deepest and smallest chapter into the one before it, the first into the one after."""
    deepest = max(c.level for c in chapters[1:])
    candidates = [i for i in range(1, len(chapters)) if chapters[i].level == deepest]
    i = min(candidates, key=lambda i: chapters[i].size)
    before, taken = chapters[i - 1], chapters.pop(i)
    if before.level == taken.level and taken.size > before.size and taken.title:
        before.title = taken.title
    before.parts += taken.parts


def _split_largest(chapters: list[Chapter], scorer: Scorer, at_least: int) -> bool:
    """Split the largest chapter that can be, where its halves have least to do with each other."""
    for i in sorted(range(len(chapters)), key=lambda i: -chapters[i].size):
        chapter = chapters[i]
        if chapter.size < 2 * at_least and at_least > 1:
            return False
        if (at := _boundary(chapter, scorer)) is None:
            continue
        number = max(1, chapter.number)
        for later in chapters[i + 1 :]:
            if later.number and later.title == chapter.title:
                later.number += 1
        rest = Chapter(chapter.title, chapter.level, chapter.parts[at:], number + 1)
        chapters[i] = Chapter(chapter.title, chapter.level, chapter.parts[:at], number)
        chapters.insert(i + 1, rest)
        return True
    return False


def _boundary(chapter: Chapter, scorer: Scorer) -> int | None:
    """Find where a chapter falls into two: near its middle, where the words change most (Hearst 1997)."""
    parts = chapter.parts
    if len(parts) < 2:  # noqa: PLR2004 - nothing to divide
        return None
    half, reach = chapter.size / 2, chapter.size * _WINDOW
    best: tuple[float, int] | None = None
    nearest: tuple[float, int] | None = None
    size = 0
    for i in range(1, len(parts)):
        size += parts[i - 1].end - parts[i - 1].start
        off = abs(size - half)
        if nearest is None or (off, i) < nearest:
            nearest = (off, i)
        if off <= reach and not (parts[i].kind == parts[i - 1].kind == "item"):
            words = scorer.content(parts[i - 1].text[:_A_SLIDE]), scorer.content(parts[i].text[:_A_SLIDE])
            cost = alike(*words) + off / max(1.0, half)
            if best is None or (cost, i) < best:
                best = (cost, i)
    found = best or nearest
    return found[1] if found else None
