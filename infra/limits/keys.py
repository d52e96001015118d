"""The limiter's keys in Redis: all in one slot of a cluster, by the hash tag `{rl}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from infra.limits.rules import RULES, Tier
from infra.postgres.blocks import USER
from infra.redis.keys import Keys


@dataclass(frozen=True, slots=True)
class LimitKeys:
    """The keys of one epoch of the log."""

    prefix: str

    @classmethod
    def of(cls, epoch: UUID) -> "LimitKeys":
        """Return the keys of a log's epoch."""
        return cls(f"{Keys.of(epoch).prefix}:{{rl}}")

    def window(self, kind: str, limit: int, subject: str) -> str:
        """Return the key of a window. Its limit is in it: a ring of another size is another ring."""
        return f"{self.prefix}:{kind}:{limit}:{subject}"

    def block(self, subject: str) -> str:
        """Return the key that is there while a subject is shut out."""
        return f"{self.prefix}:blocked:{subject}"

    def of_user(self, user: str) -> Sequence[str]:
        """Return all windows that a user may have."""
        return [
            self.window(rule.kind, limit, USER + user)
            for rule in RULES.values()
            for limit in {rule.limit(tier) for tier in Tier}
            if limit is not None and not rule.paid
        ]

    @property
    def told(self) -> str:
        """Return the key of a hash in which each process tells what its limiter did."""
        return f"{self.prefix}:stats"
