"""The one table of rate limits: the deployment guide's numbers, by kind of request and tier of caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3_600
# An address may do so many times what one free user may.
ADDRESS_FACTOR: Final = 5


class Tier(StrEnum):
    """What a caller pays for."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"

    @classmethod
    def of(cls, claim: str) -> "Tier":
        """Return the tier of a token's claim; what is unknown gets no more than the least."""
        return _TIERS.get(claim, cls.FREE)


_TIERS: Final = {tier.value: tier for tier in Tier}


class Kind(StrEnum):
    """What is counted together."""

    EDITS = "edits"
    GENERATION = "generation"
    IMAGES = "images"
    EXPORTS = "exports"
    UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of a kind, in any `window_s` seconds; None: as much as you like.

    Attributes:
        paid: each costs money: it is counted in the database, once a command id, and refused while
            the limiter cannot tell.
    """

    kind: Kind
    window_s: int
    free: int | None
    pro: int | None
    enterprise: int | None
    paid: bool = False

    def limit(self, tier: Tier) -> int | None:
        """Return how much a caller may do in a window."""
        return {Tier.FREE: self.free, Tier.PRO: self.pro, Tier.ENTERPRISE: self.enterprise}[tier]

    @property
    def address_limit(self) -> int | None:
        """Return how much all free callers of one address may do in a window."""
        return None if self.free is None else ADDRESS_FACTOR * self.free


RULES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        rule.kind: rule
        for rule in (
            Rule(Kind.EDITS, MINUTE, 1_000, None, None),
            Rule(Kind.GENERATION, HOUR, 10, 50, 200, paid=True),
            Rule(Kind.IMAGES, HOUR, 5, 25, 100, paid=True),
            Rule(Kind.EXPORTS, HOUR, 20, 100, 400, paid=True),
            Rule(Kind.UPLOADS, MINUTE, 60, 300, 1_200),
        )
    }
)

_PAID_COMMANDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "request-generation": Kind.GENERATION,
        "request-thinking": Kind.GENERATION,
        "request-image": Kind.IMAGES,
        "request-export": Kind.EXPORTS,
    }
)
# What may write a whole project's worth of events.
_WHOLE_PROJECTS: Final = frozenset({"branch-project", "import-markdown", "merge-branch", "restore-project"})
WHOLE_PROJECT_COST: Final = 10

Costs = Mapping[Kind, int]
ONE_EDIT: Final[Costs] = MappingProxyType({Kind.EDITS: 1})
_MANY_EDITS: Final[Costs] = MappingProxyType({Kind.EDITS: WHOLE_PROJECT_COST})
_ONE_JOB: Final[Mapping[str, Costs]] = MappingProxyType(
    {name: MappingProxyType({kind: 1}) for name, kind in _PAID_COMMANDS.items()}
)
ONE_UPLOAD: Final[Costs] = MappingProxyType({Kind.UPLOADS: 1})


def costs_of(name: str) -> Costs:
    """Return what a command costs: a paid job, or an edit, as every change to a project is."""
    if name in _WHOLE_PROJECTS:
        return _MANY_EDITS
    return _ONE_JOB.get(name, ONE_EDIT)


def costs_of_all(names: list[str]) -> Costs:
    """Return what a batch costs: what its commands would one by one."""
    found: dict[Kind, int] = {}
    for name in names:
        for kind, cost in costs_of(name).items():
            found[kind] = found.get(kind, 0) + cost
    return found
