"""How a gateway ends without sending everybody to the next one at the same instant."""

import asyncio
import random
from collections.abc import Collection

import orjson

from infra.http import close_codes
from infra.settings import Settings
from read_api.live.connection import LiveSocket

# Seconds between two batches, and sockets in one at least.
PAUSE, LEAST = 0.1, 100
# Sockets that the other gateways may be expected to take in a second, all together.
REOPENED = 2_000
# Seconds that clients get to answer the last goodbye.
PARTING = 0.5
SOONEST_MS = 100


class Draining:
    """Says `bye` to all sockets within `WS_DRAIN_MS`, and when each should come back."""

    def __init__(self, settings: Settings) -> None:
        self._within = settings.ws_drain_ms / 1000
        self.begun = False
        self._spread_ms = 1_000.0

    def begin(self, sockets: int) -> None:
        """Let nobody in any more; clients are told to come back spread over a time that fits their number."""
        self.begun = True
        self._spread_ms = max(1_000.0, sockets / REOPENED * 1_000)

    def retry_after_ms(self) -> int:
        """Draw how long one client should wait."""
        return SOONEST_MS + int(random.uniform(0, self._spread_ms))  # noqa: S311 - jitter, not a secret

    async def run(self, sockets: Collection[LiveSocket]) -> None:
        """Send everybody away."""
        self.begin(len(sockets))
        steps = max(1, int(max(0.0, self._within - PARTING) / PAUSE))
        batch = max(LEAST, -(-len(sockets) // steps))
        while sockets:
            for socket in list(sockets)[:batch]:
                bye = {"type": "bye", "reason": "restart", "retry_after_ms": self.retry_after_ms()}
                socket.say(orjson.dumps(bye))
                socket.close(close_codes.GOING_AWAY)
            await asyncio.sleep(PAUSE if sockets else PARTING)
