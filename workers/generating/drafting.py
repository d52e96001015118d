"""From one planned slide to the blocks that go on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from commands.importing import ImportRefused, parse_markdown
from commands.messages import AddBlock
from domain.content import LIMITS
from workers.generating.plan import INDENT, SlidePlan, Span

_LAYOUTS: Final = frozenset(
    {"title", "section", "content", "two-column", "image", "quote", "closing", "blank"}
)
_KEPT_TYPES: Final = frozenset({"table", "code", "bullets", "text", "quote", "callout", "heading"})


@dataclass(frozen=True, slots=True)
class Draft:
    """One slide: its content, and type and content of each block on it, in their order."""

    slide: Mapping[str, Any]
    blocks: tuple[tuple[str, Mapping[str, Any]], ...]


def drafted(plan: SlidePlan, source: str | None) -> Draft:
    """Draft a slide as it is planned, without any model."""
    layout = plan.layout if plan.layout in _LAYOUTS else "content"
    slide = {"layout": layout, "title": plan.title, "notes": plan.notes[: LIMITS.TEXT]}
    blocks = [*_said(plan.points, layout), *kept_blocks(plan.kept, source)]
    return Draft(slide, tuple(blocks))


def _said(points: Sequence[str], layout: str) -> list[tuple[str, Mapping[str, Any]]]:
    said = [p for p in points if p.strip()][: LIMITS.BULLETS]
    if not said:
        return []
    if layout in ("title", "section", "closing"):
        return [("text", {"text": "\n".join(p.strip() for p in said)[: LIMITS.TEXT]})]
    if layout == "quote":
        return [("quote", {"text": said[0].strip(), "by": said[1].strip() if len(said) > 1 else ""})]
    return [("bullets", {"items": [_item(p) for p in said]})]


def _item(point: str) -> dict[str, Any]:
    text = point.strip()
    level = (len(point) - len(point.lstrip(" "))) // INDENT
    return {"text": text, "level": min(level, LIMITS.BULLET_LEVEL)}


def kept_blocks(spans: Sequence[Span], source: str | None) -> list[tuple[str, Mapping[str, Any]]]:
    """Read tables and code from their places in the source; a place that holds none any more gives nothing."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for start, end in spans:
        try:
            deck = parse_markdown((source or "")[start:end])
        except ImportRefused:
            continue
        blocks = [(b.type, b.content) for s in deck.slides for b in s.blocks if b.type in _KEPT_TYPES]
        found += blocks[:1]
    return found


def slide_id(job_id: UUID, index: int) -> UUID:
    """Return the id of a job's slide: the same in each attempt."""
    return uuid5(job_id, f"slide.{index}")


def commands_for(
    draft: Draft, project_id: UUID, job_id: UUID, index: int, after_id: UUID | None
) -> list[AddBlock]:
    """Return the commands that add a slide, after another or at the end."""
    slide = slide_id(job_id, index)
    added = AddBlock(
        project_id=project_id, type="slide", content=dict(draft.slide), block_id=slide, after_id=after_id
    )
    return [
        added,
        *(
            AddBlock(
                project_id=project_id,
                type=kind,
                content=dict(content),
                block_id=uuid5(job_id, f"slide.{index}.block.{k}"),
                parent_id=slide,
            )
            for k, (kind, content) in enumerate(draft.blocks)
        ),
    ]
