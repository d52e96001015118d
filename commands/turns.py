"""Whose turn it is on what many of one process want at once."""

import asyncio
from collections import deque
from collections.abc import Sequence
from uuid import UUID


class Turns:
    """Gives out keys, each to one holder at a time, in the order of asking.

    A lock a key would do the same; this costs a quarter of one, since a key that nobody holds is not kept.
    """

    def __init__(self) -> None:
        self._held: dict[int, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        return len(self._held)

    async def take(self, keys: Sequence[UUID]) -> None:
        """Wait until all keys are the caller's. Sort them: two who ask in different orders wait for ever."""
        taken = 0
        try:
            for key in keys:
                await self._take(key.int)
                taken += 1
        except BaseException:
            self.give(keys[:taken])
            raise

    async def _take(self, key: int) -> None:
        waiting = self._held.get(key)
        if waiting is None:
            self._held[key] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                waiting.remove(turn)
            else:
                self._give(key)
            raise

    def give(self, keys: Sequence[UUID]) -> None:
        """Hand keys on to who asked next."""
        for key in keys:
            self._give(key.int)

    def _give(self, key: int) -> None:
        waiting = self._held[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._held[key]
