"""Who is shut out, as a process knows it: read from the database again and again."""

from collections.abc import Callable, Mapping
from typing import Any

from infra.postgres.blocks import Block


class Barred:
    """The blocks that stand, by subject."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, tuple[float, bool]] = {}

    @property
    def any(self) -> bool:
        """Tell whether anybody is shut out at all."""
        return bool(self._until)

    @property
    def count(self) -> int:
        """Return how many are shut out."""
        return len(self._until)

    def replace(self, blocks: Mapping[str, Block]) -> None:
        """Know these blocks, and no others."""
        now = self._clock()
        self._until = {block.subject: (now + block.left, block.automatic) for block in blocks.values()}

    def add(self, block: Block) -> None:
        """Know of one more."""
        self._until[block.subject] = (self._clock() + block.left, block.automatic)

    def remove(self, subject: str) -> None:
        """Know of one less."""
        self._until.pop(subject, None)

    def listed(self, most: int) -> list[dict[str, Any]]:
        """Return the blocks, those that last longest first."""
        now = self._clock()
        found = sorted(self._until.items(), key=lambda item: -item[1][0])[:most]
        return [
            {"subject": subject, "seconds": round(until - now, 1), "automatic": automatic}
            for subject, (until, automatic) in found
            if until > now
        ]

    def left(self, subject: str, *, automatic: bool) -> float:
        """Return for how many seconds a subject is shut out; 0: it is not.

        Blocks that no operator made count if `automatic` says so.
        """
        found = self._until.get(subject)
        if found is None or (found[1] and not automatic):
            return 0.0
        return max(0.0, found[0] - self._clock())
