"""A project's history played again at any speed, as server-sent events: then it goes on live, or ends.

The pauses between events are those between their times, divided by the speed; what nobody would wait for, such
as a night, is cut short.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from infra.http.auth import Principal
from projections.history import Recorded, Selection
from projections.live import LiveItem, live_item, revealed
from read_api.parameters import Parameters
from read_api.side import Reading

LEAST, MOST = 0.01, 1_000_000.0
# Seconds: the longest pause, unless the request names another, and the longest that it may name.
GAP, GAP_LIMIT = 5.0, 600.0
# Seconds: a right that was taken away ends a replay within so long, also in the middle of a pause.
LOOK_EVERY = 0.4

Frame = Callable[[LiveItem], bytes]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to play, and up to where; without `to`, to the log's head and then on live."""

    speed: float
    gap: float
    to: int | None

    @classmethod
    def of(cls, parameters: Parameters) -> "Pace | None":
        """Read the pace that a request asks for; None if it asks for none.

        Raises:
            Invalid: a parameter is wrong.
        """
        if "speed" not in parameters.values:
            return None
        to = parameters.number("to", 0) if "to" in parameters.values else None
        return cls(
            parameters.decimal("speed", 1.0, least=LEAST, most=MOST),
            parameters.decimal("max_gap", GAP, least=0.0, most=GAP_LIMIT),
            to,
        )

    def pause(self, before: Recorded | None, event: Recorded) -> float:
        """Return how many seconds to wait between two events."""
        if before is None:
            return 0.0
        return min((event.recorded_at - before.recorded_at).total_seconds() / self.speed, self.gap)


class _Over(Exception):
    """The reader may hear no more."""


class Replay:
    """One reader's replay of one project."""

    def __init__(self, reading: Reading, principal: Principal, project_id: UUID, pace: Pace) -> None:
        self._reading = reading
        self._principal = principal
        self._project_id = project_id
        self._pace = pace
        # The last position that was played.
        self.position = 0
        # Whether nothing is to come after it.
        self.ended = False

    async def frames(self, after: int, frame: Frame) -> AsyncIterator[bytes]:
        """Play the events after a position; `ended` tells afterwards whether the reader may hear more."""
        self.position = after
        try:
            while self.position < (to := await self._end()):
                async for playing in self._played(to, frame):
                    yield playing
        except _Over:
            self.ended = True
            return
        if self._pace.to is not None:
            self.ended = True
            yield b'event: end\ndata: {"type":"end","position":%d}\n\n' % self.position

    async def _end(self) -> int:
        head, _ = await self._reading.side.log.head()
        return head if self._pace.to is None else min(head, self._pace.to)

    async def _played(self, to: int, frame: Frame) -> AsyncIterator[bytes]:
        side, before = self._reading.side, None
        selection = Selection(self._project_id, self.position, to)
        async with aclosing(side.log.selected_in_chunks(selection)) as chunks:
            async for chunk in chunks:
                items = await revealed([live_item(e) for e in chunk], side.personal)
                for event, item in zip(chunk, items, strict=True):
                    async for silence in self._wait(self._pace.pause(before, event)):
                        yield silence
                    yield frame(item)
                    before, self.position = event, event.position
        self.position = to

    async def _wait(self, seconds: float) -> AsyncIterator[bytes]:
        """Let a pause pass, in steps; a comment in a long one tells proxies that all is well."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            await self._check()
            left = until - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LOOK_EVERY))
            if left > LOOK_EVERY:
                yield b": still here\n\n"

    async def _check(self) -> None:
        side = self._reading.side
        if side.gate.authenticator.ended(self._principal):
            raise _Over
        if await side.rights.role(self._project_id, self._principal.user) is None:
            raise _Over
