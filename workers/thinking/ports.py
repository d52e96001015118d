"""What reads a deck: it plans what to look for, then criticises and revises one slide after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from workers.exporting.source import Node
from workers.models.usage import Usage


@dataclass(frozen=True, slots=True)
class Suggested:
    """Fields of a block with other values, and why; made on the block as it was read."""

    node: Node
    changes: Mapping[str, Any]
    reason: str

    @property
    def block_id(self) -> UUID:
        """Which block it is about."""
        return self.node.block.block_id


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a block; `code` is one of few, `message` is for people."""

    block_id: UUID
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Aims:
    """What to look for in a whole deck."""

    said: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thought:
    """What came of reading one slide: all that is wrong, and what could be changed about some of it."""

    findings: tuple[Finding, ...] = ()
    suggestions: tuple[Suggested, ...] = ()
    usage: Usage = field(default_factory=Usage)


class Reading(Protocol):
    """One deck being read."""

    @property
    def aims(self) -> Aims:
        """What to look for."""
        ...

    async def consider(self, index: int, spent: Usage) -> Thought:
        """Criticise one slide and revise it; `spent` is what the job has cost so far.

        Raises:
            RetryableError: another try may succeed.
            FinalError: none will.
        """
        ...


class Thinker(Protocol):
    """Reads decks."""

    @property
    def provider(self) -> str:
        """Who thinks; it is recorded with the result."""
        ...

    @property
    def model(self) -> str | None:
        """Which model thinks, if one does."""
        ...

    async def plan(self, slides: Sequence[Node], instruction: str | None) -> Reading:
        """Look over the deck, and say what to look for.

        Raises:
            RetryableError, FinalError: as above.
        """
        ...
