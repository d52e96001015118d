"""The shapes of what a model is asked for, and what is made of its answers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.content import LIMITS, ContentInvalid, new_content
from workers.generating.drafting import Draft
from workers.generating.plan import INDENT, MOST_SLIDES, NOTES_LENGTH, POINT_LENGTH, TITLE_LENGTH, SlidePlan

MOST_BLOCKS: Final = 6
Layout = Literal["title", "section", "content", "quote", "closing"]


class Shape(BaseModel):
    """An answer. What is not asked for is left out of it, and a missing part gets its default."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OutlinedSlide(Shape):
    """One slide of an outline."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
    points: Annotated[list[str], Field(description="What is to be said, 2 to 5 short points")] = Field(
        default_factory=list
    )
    layout: Layout = "content"

    def plan(self) -> SlidePlan:
        """Return it as planned."""
        points = tuple(" ".join(p.split())[:POINT_LENGTH] for p in self.points if p.strip())
        return SlidePlan(_line(self.title), points[:20], self.layout)


class Outlined(Shape):
    """An outline of a deck."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
    slides: Annotated[list[OutlinedSlide], Field(min_length=1, max_length=MOST_SLIDES)]


class Item(Shape):
    """One line of a list."""

    text: str
    level: Annotated[int, Field(ge=0, le=2)] = 0


class DraftedSeries(Shape):
    """One series of a chart."""

    name: str
    values: list[float | None]


class DraftedBlock(Shape):
    """One block on a slide; which fields it needs depends on its type."""

    type: Literal["bullets", "text", "quote", "table", "chart", "callout", "code"]
    text: Annotated[str, Field(description="Of text, quote, callout and code; inline Markdown")] = ""
    by: Annotated[str, Field(description="Who is quoted")] = ""
    items: Annotated[list[Item], Field(description="Of bullets")] = Field(default_factory=list)
    columns: Annotated[list[str], Field(description="Headings of a table")] = Field(default_factory=list)
    rows: Annotated[list[list[str]], Field(description="Rows of a table, a cell for each column")] = Field(
        default_factory=list
    )
    chart: Literal["bar", "column", "line", "area", "pie", "doughnut"] = "column"
    categories: Annotated[list[str], Field(description="Of a chart")] = Field(default_factory=list)
    series: Annotated[list[DraftedSeries], Field(description="Of a chart, only figures of the source")] = (
        Field(default_factory=list)
    )

    def content(self) -> dict[str, Any]:
        """Return the block's content.

        Raises:
            ValueError: it is empty, or no such block can be; says why, for the model to mend it.
        """
        raw = self._raw()
        if not any(raw.get(name) for name in ("text", "items", "columns", "categories")):
            raise ValueError(f"a block of the type {self.type} is empty")
        try:
            return new_content(self.type, raw, lambda path: path)
        except ContentInvalid as refused:
            raise ValueError(f"a block of the type {self.type}: {refused}") from refused

    def _raw(self) -> dict[str, Any]:
        match self.type:
            case "bullets":
                items = [{"text": _line(i.text), "level": i.level} for i in self.items if i.text.strip()]
                return {"items": items[: LIMITS.BULLETS]}
            case "table":
                columns = [{"text": _line(c)} for c in self.columns]
                return {"columns": columns, "rows": [{"cells": [_line(c) for c in r]} for r in self.rows]}
            case "chart":
                series = [{"name": _line(s.name), "values": s.values} for s in self.series]
                return {"kind": self.chart, "categories": self.categories, "series": series}
            case "quote":
                return {"text": self.text.strip(), "by": _line(self.by)}
            case _:
                return {"text": self.text.strip("\n") if self.type == "code" else self.text.strip()}


class DraftedSlide(Shape):
    """One slide, drafted."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
    blocks: Annotated[list[DraftedBlock], Field(max_length=MOST_BLOCKS)] = Field(default_factory=list)
    notes: Annotated[str, Field(description="What the presenter says, 2 to 5 sentences")] = ""

    def check(self) -> None:
        """See whether it can be put into a deck.

        Raises:
            ValueError: it cannot; says why.
        """
        for block in self.blocks:
            block.content()

    def draft(self, plan: SlidePlan, kept: Sequence[tuple[str, Mapping[str, Any]]], layout: str) -> Draft:
        """Return it as a draft, with what was to be kept of the source below."""
        blocks = [(b.type, _without_ids(b.content())) for b in self.blocks]
        slide = {
            "layout": layout,
            "title": _line(self.title),
            "notes": (self.notes.strip() or plan.notes)[:NOTES_LENGTH],
        }
        return Draft(slide, (*blocks, *kept))


def outline_lines(slides: Sequence[SlidePlan]) -> str:
    """Write slides down as a list with their points, for a model to read."""
    lines: list[str] = []
    for i, slide in enumerate(slides, 1):
        lines.append(f"{i}. {slide.title} [{slide.layout}]")
        lines += [f"   {' ' * (len(p) - len(p.lstrip()) + INDENT)}- {p.strip()}" for p in slide.points]
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _without_ids(content: Mapping[str, Any]) -> dict[str, Any]:
    """The ids of entries are the server's to give."""
    return {
        name: [{k: v for k, v in e.items() if k != "id"} for e in value]
        if name in ("items", "columns", "rows", "series")
        else value
        for name, value in content.items()
    }
