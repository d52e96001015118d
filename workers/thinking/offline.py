"""The thinker that needs nothing: it counts, and never judges."""

import asyncio
from collections.abc import Sequence

from workers.exporting.source import Node
from workers.models.usage import Usage
from workers.thinking.ports import Aims, Thought
from workers.thinking.rules import AIMS, PROVIDER, Reader

IGNORED = "no model is configured: the instruction was not followed, only rules were applied"


class RulesThinker:
    """Implements `Thinker`. Nothing leaves the process."""

    @property
    def provider(self) -> str:
        """Its name says what it does."""
        return PROVIDER

    @property
    def model(self) -> str | None:
        """There is none."""
        return None

    async def plan(self, slides: Sequence[Node], instruction: str | None) -> Aims:  # noqa: ARG002 - the port's
        """The rules are the same for every deck."""
        return Aims(AIMS, warnings=(IGNORED,) if instruction else ())

    async def consider(self, slides: Sequence[Node], index: int, aims: Aims, spent: Usage) -> Thought:  # noqa: ARG002 - the port's
        """Apply the rules."""
        # Off the loop: a large deck takes a good part of a second.
        return await asyncio.to_thread(lambda: Reader(slides).read(index))
