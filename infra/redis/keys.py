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

    def here(self, project_id: UUID) -> str:
        """A hash of who is in a project, by gateway; also the channel on which gateways tell each other."""
        return f"{self.prefix}:here:{{{project_id.hex}}}"

    def here_index(self, partition: int) -> str:
        """A sorted set of a partition's projects in which somebody is, by when that was said last."""
        return f"{self.prefix}:here-index:{{p{partition}}}"

    @property
    def documents(self) -> str:
        """What the keys of all cached documents begin with."""
        return f"{self.prefix}:doc:"

    @property
    def cache_stats(self) -> str:
        """A hash in which each read process tells what its cache did."""
        return f"{self.prefix}:cache-stats"

    def queue(self, name: str, part: str) -> str:
        """A part of a queue of jobs."""
        return f"{self.prefix}:{{q:{name}}}:{part}"

    def job_messages(self, partition: int) -> str:
        """The channel on which running jobs of a partition's projects say how far they are."""
        return f"{self.prefix}:jobs:{{p{partition}}}"


def generation_of(document: str) -> str:
    """Return the key of the generation that a cached document is of: one for all that belongs to its project."""
    prefix, _, rest = document.partition(":doc:")
    return f"{prefix}:gen:{rest[: rest.index('}') + 1]}"
