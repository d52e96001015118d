"""Redis keys. All begin with the log's epoch: after a restore, nothing cached before it can be met.

Braces are cluster hash tags: what belongs together is in one slot.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one epoch."""

    prefix: str

    @classmethod
    def of(cls, epoch: UUID) -> "Keys":
        """Return the keys of a log's epoch."""
        return cls(f"decklog:{epoch.hex[:8]}")

    def log_stream(self, partition: int) -> str:
        """The stream of a partition's events."""
        return f"{self.prefix}:log:{{p{partition}}}"

    def live_stream(self, partition: int) -> str:
        """The stream of a partition's events as clients see them."""
        return f"{self.prefix}:live:{{p{partition}}}"

    def document(self, project_id: UUID, name: str) -> str:
        """A cached document of a project."""
        return f"{self.prefix}:doc:{{{project_id.hex}}}:{name}"
