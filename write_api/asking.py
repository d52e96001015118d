"""A request at the gate: what it costs is taken before it is run, and given back if it is refused."""

from dataclasses import dataclass
from uuid import UUID

from infra.gate import Gate
from infra.limits.answers import Admission, Asker
from infra.limits.rules import Costs


@dataclass(slots=True)
class Asked:
    """What a caller asks for under a command id."""

    gate: Gate
    asker: Asker
    costs: Costs
    command_id: UUID

    async def admit(self) -> Admission:
        """Take what it costs.

        Raises:
            RateLimited: it is too much.
            Unavailable: it costs money, and whether it may be had cannot be told now.
        """
        return await self.gate.limiter.admit(self.asker, self.costs, self.command_id)

    async def give_back(self, admission: Admission) -> None:
        """Undo what was charged. Edits count also where they were refused."""
        if admission.charged:
            await self.gate.limiter.give_back(self.asker, admission.charged, self.command_id)
