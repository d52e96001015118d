"""Waiting until a read model has come far enough."""

import asyncio

LOOK_AGAIN = 0.25


class CheckpointWatch:
    """Wakes readers when a checkpoint moves; fed by LISTEN."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, int], int] = {}
        self._moved = asyncio.Event()

    def notified(self, payload: str) -> None:
        """Take a notification (`models partition position`); an empty one wakes everybody."""
        if payload:
            models, partition, position = payload.rsplit(" ", 2)
            for model in models.split(","):
                key = (model, int(partition))
                self._positions[key] = max(self._positions.get(key, 0), int(position))
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def reach(self, model: str, partition: int | None, position: int) -> None:
        """Wait until a model has reached a position (None: in all partitions it is known in).

        It returns after a moment in any case, for a look at the table: notifications can be lost.
        """
        try:
            async with asyncio.timeout(LOOK_AGAIN):
                while self._position(model, partition) < position:
                    await self._moved.wait()
        except TimeoutError:
            return

    def _position(self, model: str, partition: int | None) -> int:
        if partition is not None:
            return self._positions.get((model, partition), 0)
        return min((p for (m, _), p in self._positions.items() if m == model), default=0)
