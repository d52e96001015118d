"""Which windows a request has to fit into, and which blocks keep it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.limits.answers import Asker
from infra.limits.keys import LimitKeys
from infra.limits.rules import MINUTE, Rule, Tier
from infra.postgres.blocks import ADDRESS, USER
from infra.redis.windows import Check, Window

EVERYBODY: Final = "everybody"


@dataclass(frozen=True, slots=True)
class Limit:
    """One window that a request has to fit into, and whose it is."""

    scope: str
    subject: str
    window: Window


@dataclass(frozen=True, slots=True)
class Plan:
    """What is checked for a caller's requests of one kind.

    Attributes:
        limits: the caller's own first, if there is one; the last is that of all callers together.
        blocks: keys that are there while the caller is shut out.
    """

    limits: Sequence[Limit]
    blocks: Sequence[str]

    @property
    def own(self) -> Limit | None:
        """The caller's own limit."""
        return self.limits[0] if len(self.limits) > 1 else None

    def check(self, cost: int) -> Check:
        """Return the question whether so much is admitted."""
        return Check(cost, [limit.window for limit in self.limits], self.blocks)


class Plans:
    """Makes plans, by the table of rules.

    Args:
        everybody: how much all callers together may do in a minute.
    """

    def __init__(self, everybody: int) -> None:
        self._everybody = everybody
        self.keys = LimitKeys("")

    def begin(self, keys: LimitKeys) -> None:
        """Use these keys from now on."""
        self.keys = keys

    def counted(self, asker: Asker, rule: Rule) -> Plan:
        """Plan what is counted in windows: the caller, a free caller's address, and all callers together."""
        everybody = self._of_everybody()
        blocks = [self.keys.block(USER + asker.user)]
        limit = rule.limit(asker.tier)
        if limit is None:
            return Plan([everybody], blocks)
        limits = [Limit("user", USER + asker.user, self.own_window(asker, rule, limit))]
        blocks.append(self.keys.block(ADDRESS + asker.address))
        if asker.tier is Tier.FREE and rule.address_limit is not None:
            key = self.keys.window(rule.kind, rule.address_limit, ADDRESS + asker.address)
            window = Window(key, rule.address_limit, rule.window_s)
            limits.append(Limit("address", ADDRESS + asker.address, window))
        return Plan([*limits, everybody], blocks)

    def paid(self, asker: Asker) -> Plan:
        """Plan what costs money: the caller's own part of it is counted in the database."""
        return Plan([self._of_everybody()], [self.keys.block(USER + asker.user)])

    def own_window(self, asker: Asker, rule: Rule, limit: int) -> Window:
        """Return the window of a caller's own."""
        return Window(self.keys.window(rule.kind, limit, USER + asker.user), limit, rule.window_s)

    def _of_everybody(self) -> Limit:
        most = self._everybody
        return Limit("global", EVERYBODY, Window(self.keys.window("all", most, EVERYBODY), most, MINUTE))
