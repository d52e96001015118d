"""What stands in the place of an event that was detached from the log with its project."""

from dataclasses import dataclass
from typing import ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class Tombstone(Event):
    """An event whose content is no longer in the log; its stream, version, position, time and hash still are.

    Nothing decides or folds by it: whoever reads the log meets it and goes on. Its stream's kind is not
    known any more, and nor is who did it.
    """

    TOPIC: ClassVar[str] = "decklog.tombstone"
    KIND: ClassVar[str] = "tombstone"
