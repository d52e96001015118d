"""What makes pictures."""

from dataclasses import dataclass
from typing import Protocol

from domain.theme import Theme


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture that somebody asked for, and the deck that it is for."""

    prompt: str
    theme: Theme
    aspect: str


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture as a file, what it shows in words, and what has to be told of it."""

    data: bytes
    media_type: str
    alt: str
    warnings: tuple[str, ...] = ()


class Painter(Protocol):
    """Makes pictures."""

    @property
    def provider(self) -> str:
        """Who makes them; it is recorded with the result."""
        ...

    @property
    def model(self) -> str | None:
        """Which model makes them, if one does."""
        ...

    async def paint(self, wish: Wish) -> Painted:
        """Make one.

        Raises:
            RetryableError: another try may succeed.
            FinalError: none will.
        """
        ...
