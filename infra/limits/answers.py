"""What a limiter answers: how much is left, or a refusal that says when to come back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.errors import DomainError
from domain.records import record
from infra.limits.rules import Kind, Tier


@record
class Asker:
    """Who asks: the token's user and tier, and the address that the request came from."""

    user: str
    tier: Tier
    address: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands to one limit. Times are in seconds from now.

    Attributes:
        scope: whose limit it is: `user`, `address` or `global`.
        more_in: until something is free again; 0 if nothing is taken.
        all_in: until everything is, if nothing more is asked for.
    """

    kind: Kind
    scope: str
    limit: int
    window_s: int
    remaining: int
    more_in: float
    all_in: float

    def headers(self) -> dict[str, str]:
        """Render as `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)."""
        name = self.kind.value if self.scope == "user" else f"{self.kind.value}-{self.scope}"
        return {
            "RateLimit": f'"{name}";r={self.remaining};t={math.ceil(self.more_in)}',
            "RateLimit-Policy": f'"{name}";q={self.limit};w={self.window_s}',
        }


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that was let through: how its caller stands to the limit (None: there is none), and what it took.

    `charged` are the paid kinds that were taken for it now, and not for the same command before.
    """

    standing: Standing | None = None
    charged: Sequence[Kind] = ()


FREELY = Admission()
"""Let through, and nothing to be told of it."""


class RateLimited(DomainError):
    """More was asked for than the limit allows, or the caller is blocked. `retry_after` is in seconds."""

    code: ClassVar[str] = "rate-limited"

    def __init__(self, detail: str, retry_after: float, standing: Standing | None = None) -> None:
        # Never less than what it takes: a client that waits so long is not refused again.
        self.retry_after = max(1, math.ceil(retry_after))
        self.standing = standing
        extra: dict[str, Any] = {"retry_after": self.retry_after}
        if standing is not None:
            extra |= {
                "kind": standing.kind.value,
                "scope": standing.scope,
                "limit": standing.limit,
                "window_s": standing.window_s,
            }
        super().__init__(detail, **extra)

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers that go with it."""
        found = {"Retry-After": str(self.retry_after)}
        if self.standing is not None:
            found |= self.standing.headers()
        return found


def over(standing: Standing, retry_after: float) -> RateLimited:
    """Refuse for a limit that is used up."""
    whose = {"user": "you", "address": "your address", "global": "all callers together"}[standing.scope]
    span = "an hour" if standing.window_s == 3_600 else "a minute"  # noqa: PLR2004 - the two windows there are
    return RateLimited(
        f"{whose} may make {standing.limit:,} {standing.kind.value} {span}", retry_after, standing
    )


def blocked(seconds: float) -> RateLimited:
    """Refuse whoever is blocked."""
    return RateLimited("blocked, for asking on and on after refusals or by an operator", seconds)
