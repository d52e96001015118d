"""Which windows a request has to fit into, and which blocks keep it out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from infra.limits.answers import Asker
from infra.limits.keys import LimitKeys
from infra.limits.rules import MINUTE, Kind, Rule, Tier
from infra.postgres.blocks import ADDRESS, USER
from infra.redis.windows import Check, Window

EVERYBODY: Final = "everybody"
# Plans that are kept; past it all are made anew.
_REMEMBERED: Final = 20_000


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
    _one: Check = field(init=False)

    def __post_init__(self) -> None:
        """Make the question that is asked most but once."""
        object.__setattr__(self, "_one", Check(1, [limit.window for limit in self.limits], self.blocks))

    @property
    def own(self) -> Limit | None:
        """The caller's own limit."""
        return self.limits[0] if len(self.limits) > 1 else None

    def check(self, cost: int) -> Check:
        """Return the question whether so much is admitted."""
        return self._one if cost == 1 else replace(self._one, cost=cost)


class Plans:
    """Makes plans, by the table of rules.

    Args:
        everybody: how much all callers together may do in a minute.
    """

    def __init__(self, everybody: int) -> None:
        self._everybody = everybody
        self.keys = LimitKeys("")
        self._made: dict[tuple[str, str, Tier, Kind], Plan] = {}

    def begin(self, keys: LimitKeys) -> None:
        """Use these keys from now on."""
        if keys != self.keys:
            self.keys = keys
            self._made.clear()

    def counted(self, asker: Asker, rule: Rule) -> Plan:
        """Plan what is counted in windows: the caller, a free caller's address, and all callers together."""
        name = asker.user, asker.address, asker.tier, rule.kind
        plan = self._made.get(name)
        if plan is None:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            plan = self._made[name] = self._counted(asker, rule)
        return plan

    def _counted(self, asker: Asker, rule: Rule) -> Plan:
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
