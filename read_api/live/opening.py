"""How a socket begins: who may, the welcome, and what happened since, up to where it is live."""

import asyncio
import time
from collections.abc import Sequence

import orjson

from infra.http import close_codes
from infra.http.errors import NotFound, Unavailable
from infra.http.sockets import Ended
from projections.live import LiveItem, live_item, revealed
from read_api.live.connection import LiveSocket
from read_api.live.heads import Heads
from read_api.live.ring import WRITE_MAX, Batch, Shown
from read_api.live.room import PROJECT, RESET
from read_api.live.rooms import Rooms
from read_api.side import Reading

# Sockets for which the log is read at once, and events in one read of it.
READERS, CHUNK = 16, 500


class Opening:
    """Opens sockets in one epoch of the log."""

    def __init__(self, reading: Reading, rooms: Rooms) -> None:
        self._reading = reading
        self._rooms = rooms
        self._heads = Heads(reading.side.log.head)
        self._readers = asyncio.Semaphore(READERS)
        self._compress = reading.settings.ws_compress_min_bytes

    async def open(self, socket: LiveSocket, after: int | None) -> None:
        """Bring a socket to where it is live.

        Raises:
            Ended: it may not be, or not now.
        """
        if not socket.open:
            return
        # In the room first: from here on a revocation finds the socket.
        room = self._rooms.enter(socket)
        await self._check(socket)
        head, epoch = await self._heads.get()
        if epoch != self._reading.epoch:
            socket.say(RESET)
            raise Ended(close_codes.NEW_EPOCH)
        socket.position = after if after is not None else head
        self._welcome(socket, head)
        socket.since = time.time()
        complete = socket.position
        while socket.open and not room.join(socket, complete):
            # What is in the log now is all up to this position at least: the hub has got that far.
            begun = room.floor
            await self._read_past(socket)
            complete = max(begun, socket.position)
        if socket.open:
            self._rooms.joined(socket)

    async def _check(self, socket: LiveSocket) -> None:
        assert socket.project_id is not None  # noqa: S101 - it was let in
        try:
            await self._reading.role(socket.project_id, socket.user)
        except NotFound:
            raise Ended(close_codes.NOT_FOUND) from None
        except Unavailable:
            raise Ended(close_codes.OVERLOADED.because("the log is away; try again later")) from None

    def _welcome(self, socket: LiveSocket, head: int) -> None:
        welcome = {
            "type": "welcome",
            "project_id": str(socket.project_id),
            "position": head,
            "after": socket.position,
            "epoch": str(self._reading.epoch),
            "session": str(socket.session),
            "ping_interval_ms": self._reading.settings.ws_ping_interval,
        }
        socket.say(orjson.dumps(welcome))

    async def _read_past(self, socket: LiveSocket) -> None:
        """Write all events after the socket's position that the log has now, as fast as the client takes them."""
        assert socket.project_id is not None  # noqa: S101 - it was let in
        while socket.open:
            async with self._readers:
                events = await self._reading.side.log.project(socket.project_id, socket.position, CHUNK)
                items = await revealed([live_item(e) for e in events], self._reading.side.personal)
            # Before they are shown, not after: one of them may be this reader's revocation.
            if any(i.kind == PROJECT for i in items) and not await self._still_member(socket):
                raise Ended(close_codes.NO_ACCESS)
            await self._write(socket, items)
            if len(events) < CHUNK:
                return

    async def _write(self, socket: LiveSocket, items: Sequence[LiveItem]) -> None:
        waiting: list[Shown] = []
        size = 0
        for n, item in enumerate(items, 1):
            waiting.append(Shown.of(item, self._compress))
            size += waiting[-1].size
            if size < WRITE_MAX and n < len(items):
                continue
            await socket.drained()
            batch = Batch(waiting)
            self._rooms.write_past(socket, batch)
            socket.position = batch.last
            waiting, size = [], 0

    async def _still_member(self, socket: LiveSocket) -> bool:
        assert socket.project_id is not None  # noqa: S101 - it was let in
        return await self._reading.side.rights.fresh_role(socket.project_id, socket.user) is not None
