"""What a model is given of a source: all of it, or what matters where all of it is too much."""

import asyncio
import re
from typing import Final

from workers.generating.extracting import outline_of
from workers.generating.plan import SlidePlan
from workers.generating.scoring import Scorer
from workers.generating.sentences import words_of
from workers.generating.stopwords import language_of

CONDENSED: Final = "the source is longer than the model was given at once: of it the outline and the main sentences were sent"
_MOST_SLIDES: Final = 50
_SAMPLE: Final = 40_000
_PASSAGE: Final = 1_500
_BREAK: Final = re.compile(r"\n[ \t]*\n")
# Of the room there is: what one slide is drafted from.
_A_SLIDE: Final = 0.2
_LEAST: Final = 3_000


async def whole(source: str, room: int) -> tuple[str, bool]:
    """Return a source in at most `room` characters, and whether something had to be left out."""
    if len(source) <= room:
        return source, False
    plan = await asyncio.to_thread(outline_of, source, _MOST_SLIDES)
    lines: list[str] = []
    for slide in plan.slides:
        lines += [f"## {slide.title}", *(f"- {p.strip()}" for p in slide.points), ""]
    condensed = "\n".join(lines)[:room]
    # What room is left goes to how the source begins: there it says what it is about.
    return source[: max(0, room - len(condensed) - 2)] + "\n\n" + condensed, True


async def about(source: str, slide: SlidePlan, room: int) -> str:
    """Return the passages of a source that speak of a slide's subject, in their order."""
    least = max(_LEAST, int(room * _A_SLIDE))
    if len(source) <= least:
        return source
    return await asyncio.to_thread(_chosen, source, slide, least)


def _chosen(source: str, slide: SlidePlan, room: int) -> str:
    scorer = Scorer((source,), language_of(words_of(source[:_SAMPLE])))
    wanted = scorer.content(" ".join((slide.title, slide.title, *slide.points)))
    passages = [p for p in (part.strip() for part in _BREAK.split(source)) if p]
    scored = sorted(
        range(len(passages)), key=lambda i: (-len(scorer.content(passages[i][:_PASSAGE]) & wanted), i)
    )
    chosen: list[int] = []
    length = 0
    for i in scored:
        size = min(len(passages[i]), _PASSAGE)
        if length + size > room:
            break
        chosen.append(i)
        length += size
    return "\n\n".join(passages[i][:_PASSAGE] for i in sorted(chosen))
