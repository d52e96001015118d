"""Lets requests through, or refuses them: user, address, all callers together and blocks, in one round trip."""

import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

import psycopg

from domain.errors import Unavailable
from infra.limits.answers import FREELY, Admission, Asker, RateLimited, Standing, blocked, over
from infra.limits.blocking import Blocking
from infra.limits.counts import Counts
from infra.limits.denials import Denial, Denials
from infra.limits.keys import LimitKeys
from infra.limits.plans import Plan, Plans
from infra.limits.rules import RULES, Costs, Kind, Rule
from infra.postgres.blocks import ADDRESS, USER, Blocks
from infra.postgres.connections import Connection
from infra.postgres.quotas import Quota, Quotas, Taken
from infra.redis.windows import Check, Checked, Windows, WindowsAway
from infra.settings import Settings

logger = logging.getLogger(__name__)


class Limiter:
    """Admits or refuses.

    What it rests on: windows in Redis for what is counted by the minute, quotas in the database for what costs
    money, and who is shut out.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        windows: Windows,
        quotas: Quotas,
        blocks: Blocks,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._windows = windows
        self._quotas = quotas
        self._clock = clock
        self._plans = Plans(settings.rate_limit_global_per_minute)
        self._denials = Denials(clock)
        self._logged = -1
        self.counts = Counts()
        self.blocking = Blocking(
            settings,
            windows,
            blocks,
            denials=self._denials,
            plans=self._plans,
            counts=self.counts,
            clock=clock,
        )

    def begin(self, epoch: UUID) -> None:
        """Use the keys of this epoch of the log."""
        self._plans.begin(LimitKeys.of(epoch))

    async def look(self, held: Connection | None = None) -> None:
        """Read who is blocked."""
        await self.blocking.look(held)

    def told(self, payload: str) -> None:
        """Take a notification of the gate's channel: `forget <subject>` of one whose limits were reset."""
        word, _, subject = payload.partition(" ")
        if word == "forget":
            self._denials.forget(subject)

    @property
    def enabled(self) -> bool:
        """Tell whether anybody is limited."""
        return self._settings.rate_limit_enabled

    @property
    def shadow(self) -> bool:
        """Tell whether refusals are only counted."""
        return self._settings.rate_limit_shadow

    @property
    def global_per_minute(self) -> int:
        """Return how much all callers together may do."""
        return self._settings.rate_limit_global_per_minute

    @property
    def round_trips(self) -> int:
        """Return how many calls of its script there were."""
        return self._windows.calls

    def stats(self) -> dict[str, Any]:
        """Return what was counted since the process started."""
        breaker = self._windows.breaker
        return {
            "counts": self.counts.as_json(),
            "checks": self._windows.checks,
            "round_trips": self._windows.calls,
            "redis_lost": breaker.opened,
            "redis_away": breaker.retry_after > 0,
        }

    async def close(self) -> None:
        """End what is under way."""
        await self.blocking.close()
        await self._windows.close()

    async def admit(self, asker: Asker, costs: Costs, command_id: UUID | None = None) -> Admission:
        """Admit a request, and take what it costs.

        Paid kinds are taken once a caller and command id; `give_back` undoes it.

        Raises:
            RateLimited: it is too much, or the caller is blocked.
            Unavailable: it costs money, and whether it may be had cannot be told now.
        """
        if not self._settings.rate_limit_enabled:
            return FREELY
        charged: list[Kind] = []
        try:
            self.blocking.admit(asker)
            standing = None
            # Paid kinds first: they can be given back.
            for kind, cost in sorted(costs.items(), key=_unpaid) if len(costs) > 1 else costs.items():
                rule = RULES[kind]
                if rule.paid:
                    standing = await self._admit_paid(asker, rule, cost, _charge(asker, command_id), charged)
                else:
                    standing = await self._admit(asker, rule, cost)
                self.counts.admitted[kind] += cost
        except RateLimited as refused:
            if self._settings.rate_limit_shadow:
                self._shadow(asker, refused)
                return FREELY
            await self.give_back(asker, charged, command_id)
            self._refused(asker, refused)
            raise
        return Admission(standing, charged) if standing is not None or charged else FREELY

    async def give_back(self, asker: Asker, charged: Sequence[Kind], command_id: UUID | None) -> None:
        """Undo what a request was charged: it was refused for another reason."""
        for kind in charged:
            try:
                await self._quotas.give_back(kind, _charge(asker, command_id))
            except (psycopg.Error, Unavailable):
                # It ends by itself within the hour; the refusal that is on its way says more.
                logger.exception("%s of %s could not be given back", kind, asker.user)

    async def standings(self, asker: Asker) -> Sequence[tuple[Rule, Standing | None]]:
        """Tell how a caller stands to every rule, taking nothing; None: no limit, or it is not known now."""
        found: list[tuple[Rule, Standing | None]] = []
        for rule in RULES.values():
            limit = rule.limit(asker.tier)
            standing = None
            if limit is not None and rule.paid:
                taken = await self._take(asker, rule, 0, UUID(int=0))
                standing = _standing(rule, "user", limit, taken)
            elif limit is not None:
                try:
                    checked = await self._windows.check(
                        Check(0, [self._plans.own_window(asker, rule, limit)])
                    )
                    standing = _standing(rule, "user", limit, checked)
                except WindowsAway:
                    logger.warning("how %s stands to %s is not known: Redis is away", asker.user, rule.kind)
            found.append((rule, standing))
        return found

    async def reset(self, user: str) -> None:
        """Give a user the whole of every limit back."""
        await self._windows.forget(self._plans.keys.of_user(user))
        await self._quotas.reset(USER + user)
        await self.blocking.forget(USER + user)

    async def _admit(self, asker: Asker, rule: Rule, cost: int) -> Standing | None:
        plan = self._plans.counted(asker, rule)
        for limit in plan.limits:
            if (denial := self._denials.find(limit.subject, rule.kind)) is not None:
                self.counts.local += 1
                raise over(denial.standing, denial.until - self._clock())
        asked = self._clock()
        try:
            checked = await self._windows.check(plan.check(cost))
        except WindowsAway:
            self._away()
            self.counts.failed_open[rule.kind] += cost
            return None
        self._judge(checked, rule, plan, asked)
        if (own := plan.own) is None:
            return None
        return _standing(rule, "user", own.window.limit, checked)

    async def _admit_paid(
        self, asker: Asker, rule: Rule, cost: int, charge: UUID, charged: list[Kind]
    ) -> Standing | None:
        plan = self._plans.paid(asker)
        asked = self._clock()
        try:
            checked = await self._windows.check(plan.check(cost))
            self._judge(checked, rule, plan, asked)
        except WindowsAway as away:
            self._away()
            if not self._settings.rate_limit_shadow:
                self.counts.failed_closed[rule.kind] += cost
                raise Unavailable(
                    f"whether more {rule.kind} may be had cannot be told now", max(1.0, away.retry_after)
                ) from away
            self.counts.failed_open[rule.kind] += cost
        limit = rule.limit(asker.tier)
        if limit is None:
            return None
        taken = await self._take(asker, rule, cost, charge)
        if taken.fresh:
            charged.append(rule.kind)
        scope, most = ("address", rule.address_limit or limit) if taken.refused else ("user", limit)
        standing = _standing(rule, scope, most, taken)
        if taken.refused is not None:
            raise over(standing, taken.wait)
        return standing

    async def _take(self, asker: Asker, rule: Rule, cost: int, charge: UUID) -> Taken:
        limit = rule.limit(asker.tier)
        quotas = [Quota(USER + asker.user, limit or 0)]
        if asker.tier is asker.tier.FREE and rule.address_limit is not None:
            quotas.append(Quota(ADDRESS + asker.address, rule.address_limit))
        try:
            return await self._quotas.take(quotas, rule.kind, rule.window_s, cost, charge)
        except psycopg.OperationalError as away:
            raise Unavailable("the quotas cannot be reached", retry_after=2) from away

    def _judge(self, checked: Checked, rule: Rule, plan: Plan, asked: float) -> None:
        if checked.refused is None:
            return
        if checked.refused < 0:
            raise blocked(checked.wait)
        limit = plan.limits[checked.refused]
        standing = _standing(rule, limit.scope, limit.window.limit, checked)
        if checked.wait_one > 0:
            # Counted from before it was asked: here it never holds longer than there.
            self._denials.keep(limit.subject, rule.kind, Denial(asked + checked.wait_one, standing))
        raise over(standing, checked.wait)

    def _refused(self, asker: Asker, refused: RateLimited) -> None:
        standing = refused.standing
        if standing is None:
            self.counts.scopes["blocked"] += 1
            return
        self.counts.refused[standing.kind] += 1
        self.counts.scopes[standing.scope] += 1
        subject = {"user": USER + asker.user, "address": ADDRESS + asker.address}.get(standing.scope)
        if subject is not None:
            self.blocking.refused(subject)

    def _shadow(self, asker: Asker, refused: RateLimited) -> None:
        kind = refused.standing.kind.value if refused.standing else "blocked"
        self.counts.shadowed[kind] += 1
        logger.info("%s of %s would be refused: %s", kind, asker.user, refused.detail)

    def _away(self) -> None:
        opened = self._windows.breaker.opened
        if opened != self._logged:
            self._logged = opened
            logger.error("the limiter's Redis is away: edits are let through, paid jobs are refused")


def _unpaid(item: tuple[Kind, int]) -> bool:
    return not RULES[item[0]].paid


def _charge(asker: Asker, command_id: UUID | None) -> UUID:
    if command_id is None:
        raise ValueError("what costs money is taken for a command")
    # A command's id is its caller's: another's with the same id is another.
    return uuid5(command_id, asker.user)


def _standing(rule: Rule, scope: str, limit: int, found: Checked | Taken) -> Standing:
    window = 60 if scope == "global" else rule.window_s
    return Standing(rule.kind, scope, limit, window, max(0, found.remaining), found.more_in, found.all_in)
