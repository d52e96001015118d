"""The log's head for very many who ask at once."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

Head = tuple[int, UUID]


class Heads:
    """Asks for the log's head and epoch: one question for all who came while the one before was under way."""

    def __init__(self, ask: Callable[[], Awaitable[Head]]) -> None:
        self._ask = ask
        self._running: asyncio.Task[Head] | None = None
        self._waiting: asyncio.Task[Head] | None = None

    async def get(self) -> Head:
        """Return them as of a moment after this was called."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._after(self._running))
        return await asyncio.shield(self._waiting)

    async def _after(self, before: "asyncio.Task[Head] | None") -> Head:
        if before is not None:
            await asyncio.wait({before})
        self._running, self._waiting = self._waiting, None
        return await self._ask()
