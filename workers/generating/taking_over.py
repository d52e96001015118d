"""The writer for a presentation that somebody brings along: its slides are proposed, and taken over as they stand."""

import asyncio
from collections.abc import Callable
from typing import Final

from domain.content import LIMITS
from workers.generating.drafting import Draft, drafted
from workers.generating.plan import MOST_SLIDES, TITLE_LENGTH, Plan, SlidePlan
from workers.generating.ports import Brief, Drafted
from workers.importing import PptxDeck, read_pptx
from workers.models.usage import Usage

PROVIDER: Final = "offline-pptx"


class TakenOver:
    """Implements `Writer`. In its outlines, `kept` names slides of the file, counted from 0.

    Args:
        data: a PPTX file.
        asset_id: names a picture in it by its bytes and media type.
    """

    def __init__(self, data: bytes, asset_id: Callable[[bytes, str], str]) -> None:
        self._data = data
        self._asset_id = asset_id
        self._deck: PptxDeck | None = None

    @property
    def provider(self) -> str:
        """Its name says what it does."""
        return PROVIDER

    @property
    def model(self) -> str | None:
        """There is none."""
        return None

    async def deck(self) -> PptxDeck:
        """Read the file, once.

        Raises:
            PptxRefused: nothing can be read of it; says why.
        """
        if self._deck is None:
            self._deck = await asyncio.to_thread(read_pptx, self._data, self._asset_id)
        return self._deck

    async def outline(self, brief: Brief) -> Plan:  # noqa: ARG002 - the port's
        """Propose each slide as it is."""
        deck = await self.deck()
        slides = [
            SlidePlan(
                (slide.content["title"] or _untitled(k))[:TITLE_LENGTH],
                layout=slide.content["layout"],
                kept=((k, k + 1),),
            )
            for k, slide in enumerate(deck.slides)
        ]
        plan = Plan(deck.title or None, tuple(slides[:MOST_SLIDES]), PROVIDER, warnings=deck.warnings[:40])
        if len(slides) > MOST_SLIDES:
            plan = plan.warned(f"the presentation has {len(slides)} slides, and an outline {MOST_SLIDES}")
        return plan

    async def draft(self, plan: Plan, index: int, brief: Brief, spent: Usage) -> Drafted:  # noqa: ARG002 - the port's
        """Take a slide over; what its outline says besides comes first."""
        slide, deck = plan.slides[index], await self.deck()
        made = drafted(slide, None)
        taken = [deck.slides[k] for k, _ in slide.kept if k < len(deck.slides)]
        notes = "\n\n".join(filter(None, (slide.notes, *(s.content["notes"] for s in taken))))
        blocks = [(b.type, b.content) for s in taken for b in s.blocks]
        # A slide without a title stays so, unless the person who approved gave it one.
        nameless = any(slide.title == _untitled(k) for k, _ in slide.kept)
        written = {"title": "" if nameless else slide.title, "notes": notes[: LIMITS.TEXT]}
        return Drafted(Draft({**made.slide, **written}, (*made.blocks, *blocks)))


def _untitled(k: int) -> str:
    return f"Slide {k + 1}"
