"""How a caller's limits are told, to itself and to operators."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.limits.answers import Asker, Standing
from infra.limits.rules import Rule


def document(asker: Asker, standings: Sequence[tuple[Rule, Standing | None]]) -> dict[str, Any]:
    """Render a quota: `reset_at` is when all of a limit is there again if nothing more is asked for.

    `limit` is null for what the tier does not limit; `remaining` also while it is not known.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    limits = [
        {
            "kind": rule.kind.value,
            "limit": rule.limit(asker.tier),
            "window_s": rule.window_s,
            "remaining": standing.remaining if standing else None,
            "reset_at": (now + timedelta(seconds=math.ceil(standing.all_in))).isoformat()
            if standing
            else None,
        }
        for rule, standing in standings
    ]
    return {"user": asker.user, "tier": asker.tier.value, "limits": limits}
