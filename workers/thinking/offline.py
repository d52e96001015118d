"""The thinker that needs nothing: it counts, and never judges."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from workers.exporting.source import Node
from workers.models.usage import Usage
from workers.thinking.ports import Aims, Reading, Thought
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

    async def plan(self, slides: Sequence[Node], instruction: str | None) -> Reading:
        """The rules are the same for every deck."""
        aims = Aims(AIMS, warnings=(IGNORED,) if instruction else ())
        # Off the loop: a large deck takes a good part of a second.
        return _Applied(await asyncio.to_thread(Reader, slides), aims)


@dataclass(frozen=True, slots=True)
class _Applied:
    """Implements `Reading`."""

    reader: Reader
    aims: Aims

    async def consider(self, index: int, spent: Usage) -> Thought:  # noqa: ARG002 - the port's
        return await asyncio.to_thread(self.reader.read, index)
