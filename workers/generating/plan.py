"""A deck before it is drafted: what is proposed to a person, and what comes back approved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from domain.content import LIMITS
from workers.models.usage import Usage

MOST_SLIDES: Final = 50
MOST_POINTS: Final = 20
TITLE_LENGTH: Final = 300
POINT_LENGTH: Final = 1_000
NOTES_LENGTH: Final = 4_000
# A point that begins with so many spaces is one level deeper.
INDENT: Final = 2

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SlidePlan:
    """One slide to be: `points` are inline Markdown, two leading spaces a level.

    `sources` are the places of the source that the points were taken from, `kept` those that are put on the
    slide as they stand (tables, code), both as character offsets.
    """

    title: str
    points: tuple[str, ...] = ()
    layout: str = "content"
    notes: str = ""
    sources: tuple[Span, ...] = ()
    kept: tuple[Span, ...] = ()

    def dump(self) -> dict[str, Any]:
        """Return JSON values, as an outline holds them."""
        written: dict[str, Any] = {
            "title": self.title[:TITLE_LENGTH],
            "points": [p[:POINT_LENGTH] for p in self.points[:MOST_POINTS]],
        }
        if self.layout != "content":
            written["layout"] = self.layout
        if self.notes:
            written["notes"] = self.notes[:NOTES_LENGTH]
        if self.sources:
            written["sources"] = [list(s) for s in self.sources]
        if self.kept:
            written["kept"] = [list(s) for s in self.kept]
        return written


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole deck to be. `provider` says who thought of it, `model` which model, if one did."""

    title: str | None
    slides: tuple[SlidePlan, ...]
    provider: str
    model: str | None = None
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)

    def dump(self) -> dict[str, Any]:
        """Return JSON values: an outline, as `approve-outline` takes it."""
        return {
            "title": self.title,
            "slides": [s.dump() for s in self.slides[:MOST_SLIDES]],
            "provider": self.provider,
            "model": self.model,
            "warnings": list(self.warnings),
            "usage": self.usage.dump(),
        }

    def warned(self, *warnings: str) -> "Plan":
        """Return the plan with more to tell."""
        return replace(self, warnings=(*self.warnings, *warnings))

    @staticmethod
    def read(outline: Mapping[str, Any], provider: str) -> "Plan":
        """Make a plan of an outline, which a person may have written anew: what is missing gets a default."""
        return Plan(
            title=outline.get("title"),
            slides=tuple(_read_slide(s) for s in outline.get("slides", ())),
            provider=outline.get("provider") or provider,
            model=outline.get("model"),
            warnings=tuple(outline.get("warnings") or ()),
            usage=Usage.read(outline.get("usage")),
        )


def _read_slide(written: Mapping[str, Any]) -> SlidePlan:
    return SlidePlan(
        title=written.get("title", ""),
        points=tuple(written.get("points") or ()),
        layout=written.get("layout") or "content",
        notes=(written.get("notes") or "")[: LIMITS.TEXT],
        sources=_spans(written.get("sources")),
        kept=_spans(written.get("kept")),
    )


def _spans(written: Any) -> tuple[Span, ...]:
    return tuple((s[0], s[1]) for s in written or () if 0 <= s[0] < s[1])
