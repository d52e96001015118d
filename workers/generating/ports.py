"""What makes a deck: a writer that plans it and drafts its slides."""

from dataclasses import dataclass, field
from typing import Protocol

from workers.generating.drafting import Draft
from workers.generating.plan import Plan
from workers.models.usage import Usage


@dataclass(frozen=True, slots=True)
class Brief:
    """What a person asked for. At least one of `prompt` and `source` says something."""

    prompt: str | None
    source: str | None
    slides: int | None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A slide, what it cost, and what has to be told of it."""

    draft: Draft
    usage: Usage = field(default_factory=Usage)
    warning: str | None = None


class Writer(Protocol):
    """Plans decks and drafts them, slide by slide."""

    @property
    def provider(self) -> str:
        """Who writes; it is recorded with what is written."""
        ...

    @property
    def model(self) -> str | None:
        """Which model writes, if one does."""
        ...

    async def outline(self, brief: Brief) -> Plan:
        """Plan a deck.

        Raises:
            RetryableError: another try may succeed.
            FinalError: none will.
        """
        ...

    async def draft(self, plan: Plan, index: int, brief: Brief, spent: Usage) -> Drafted:
        """Draft one slide of a plan; `spent` is what the job has cost so far.

        Raises:
            RetryableError, FinalError: as above.
        """
        ...
