"""The live gateway of a process: all its sockets, from the handshake to the goodbye."""

import asyncio
import logging
import time
from typing import Any
from uuid import uuid4

import orjson
from starlette.types import Scope

from infra.cancelling import stop_if_cancelled
from infra.http import close_codes
from infra.http.addresses import address_of
from infra.http.close_codes import Close
from infra.http.sockets import Ended
from infra.settings import Settings
from read_api.live.admission import Admission, verified
from read_api.live.connection import LiveSocket, State
from read_api.live.draining import Draining
from read_api.live.handshake import Asked
from read_api.live.opening import Opening
from read_api.live.rooms import Rooms
from read_api.live.stats import LiveStats
from read_api.live.wheel import Wheel
from read_api.side import Reading

logger = logging.getLogger(__name__)

# Seconds between two looks at what is due.
TICK = 0.25
# A message longer than this is none of those that a client sends.
TEXT_LIMIT = 16_384
# Messages of one client in a tick; past it the socket is not read from until the next.
PER_TICK = 50
# Seconds that a client has to answer a goodbye.
PARTING = 5.0
# Seconds after which somebody who only listens counts as being here.
SETTLING = 2.0
PONG = b'{"type":"pong"}'


class Gateway:
    """All live sockets of this process. They outlive nothing: another epoch of the log ends them."""

    def __init__(self, settings: Settings) -> None:
        self.stats = LiveStats()
        self.draining = Draining(settings)
        self.address = address_of(settings.trusted_proxies)
        self._settings = settings
        self._interval = settings.ws_ping_interval / 1000
        self._patience = settings.ws_ping_timeout / 1000
        self.admission = Admission(settings)
        self._reading: Reading | None = None
        self._opening: Opening | None = None
        self._rooms: Rooms | None = None
        # All that were let in, and when something is to be looked at.
        self._sockets: dict[LiveSocket, None] = {}
        now = time.monotonic()
        self._pings: Wheel[LiveSocket] = Wheel(TICK, now)
        self._pongs: Wheel[LiveSocket] = Wheel(TICK, now)
        self._partings: Wheel[LiveSocket] = Wheel(TICK, now)
        self._settling: Wheel[LiveSocket] = Wheel(TICK, now)
        self._ends: Wheel[LiveSocket] = Wheel(TICK, time.time())
        self._talking: dict[LiveSocket, int] = {}
        # How many revocations had been heard of when sockets were last compared with them.
        self._revocations = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def document(self) -> dict[str, Any]:
        """Render its numbers, for health and operators."""
        rooms = len(self._rooms) if self._rooms is not None else 0
        counts = {
            "active_connections": self.connections,
            "streams": self.admission.streams,
            "rooms": rooms,
            "draining": self.draining.begun,
        }
        return {**counts, **self.stats.document()}

    @property
    def connections(self) -> int:
        """How many sockets and event streams there are: what `active_connections` tells."""
        return len(self._sockets) + self.admission.streams

    async def serve(self, reading: Reading) -> None:
        """Serve sockets as long as the hub follows this epoch of the log."""
        rooms = self._rooms = Rooms(self._settings, reading, self.stats)
        self._reading, self._opening = reading, Opening(reading, rooms)
        try:
            async with asyncio.TaskGroup() as tasks:
                sharing = tasks.create_task(rooms.share.run())
                looking = tasks.create_task(self._look())
                await reading.hub.run()
                sharing.cancel()
                looking.cancel()
        finally:
            rooms.close()

    # Sockets as they come.

    def take(self, transport: asyncio.Transport, asked: Asked, scope: Scope) -> None:
        """Make a WebSocket of a connection that asked for one."""
        transport.write(asked.answer)
        if asked.accept is None:
            transport.close()
            return
        self.begin(transport, asked, scope)

    def begin(self, transport: asyncio.Transport, asked: Asked, scope: Scope) -> LiveSocket:
        """Take a connection that is a WebSocket."""
        socket = LiveSocket(self, transport, uuid4(), deflate=asked.extension is not None)
        socket.address = self.address(scope)
        transport.set_protocol(socket)
        try:
            # After the handshake: a browser sees the code of a closed socket, but not the status of a refused one.
            self._admit(socket, asked)
        except Ended as ended:
            self.stats.refused[ended.close.code] += 1
            socket.close(ended.close)
        return socket

    def _admit(self, socket: LiveSocket, asked: Asked) -> None:
        if self.draining.begun:
            raise Ended(close_codes.GOING_AWAY)
        if self._reading is None or self._opening is None:
            raise Ended(close_codes.OVERLOADED.because("not ready yet; try again"))
        after = self.admission.let_in(socket, asked, self._reading.side.gate.authenticator)
        self.stats.opened += 1
        self._sockets[socket] = None
        now = time.monotonic()
        socket.ping_slot = self._pings.add(socket, now + self._interval)
        self._minds_end(socket)
        task = asyncio.create_task(self._open(self._opening, socket, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, opening: Opening, socket: LiveSocket, after: int | None) -> None:
        try:
            await opening.open(socket, after)
        except Ended as ended:
            socket.close(ended.close)
        except Exception:
            logger.exception("a live socket could not be opened")
            socket.close(close_codes.BROKEN)
        else:
            if socket.state is State.LIVE:
                self._settling.add(socket, time.monotonic() + SETTLING)

    # What they say.

    def counted(self, size: int) -> None:
        """Bytes came in."""
        self.stats.bytes_in += size

    def received(self, socket: LiveSocket, text: bytes) -> None:
        """Take a client's message.

        Raises:
            Ended: it is not understood, or its token is not valid.
        """
        self.stats.messages_in += 1
        said = self._talking[socket] = self._talking.get(socket, 0) + 1
        if said == PER_TICK:
            socket.transport.pause_reading()
        try:
            message = orjson.loads(text) if len(text) <= TEXT_LIMIT else None
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict):
            raise Ended(close_codes.BAD_MESSAGE)
        match message.get("type"):
            case "ping":
                self._say(socket, PONG)
            case "auth":
                self._renew(socket, message.get("token"))
            case "cursor" | "selection" as kind:
                if self._rooms is not None:
                    self._rooms.moved(socket, kind, message)
            case _:
                raise Ended(close_codes.BAD_MESSAGE)

    def _say(self, socket: LiveSocket, message: bytes) -> None:
        # To a client that takes nothing but goes on asking, nothing more is answered.
        if not socket.paused:
            socket.say(message)
            self.stats.messages_out += 1
            self.stats.bytes_out += len(message) + 2

    def _renew(self, socket: LiveSocket, token: object) -> None:
        if self._reading is None or not isinstance(token, str):
            raise Ended(close_codes.UNAUTHENTICATED)
        principal = verified(self._reading.side.gate.authenticator, f"Bearer {token}")
        if principal.user != socket.user:
            raise Ended(close_codes.UNAUTHENTICATED)
        socket.principal = principal
        self._ends.discard(socket, socket.end_slot)
        self._minds_end(socket)

    def _minds_end(self, socket: LiveSocket) -> None:
        if socket.principal is not None:
            socket.end_slot = self._ends.add(socket, socket.principal.expires)

    # How they end.

    def end_user(self, user: str, close: Close = close_codes.UNAUTHENTICATED) -> int:
        """Close all sockets of a user, whose tokens are not to be believed any more; return how many."""
        theirs = [s for s in self._sockets if s.user == user]
        for socket in theirs:
            socket.close(close)
        return len(theirs)

    def resumed(self, socket: LiveSocket) -> None:
        """A socket that was behind can be written to again."""
        if self._rooms is not None:
            self._rooms.resumed(socket)

    def closing(self, socket: LiveSocket, close: Close) -> None:
        """A socket was told that it ends: it counts no more, and has some time to answer."""
        if socket in self._sockets:
            self.stats.closed[close.code] += 1
        self._let_out(socket, close)
        socket.ping_slot = self._partings.add(socket, time.monotonic() + PARTING)

    def gone(self, socket: LiveSocket) -> None:
        """A connection is no more."""
        self._let_out(socket, None)
        self._partings.discard(socket, socket.ping_slot)

    def _let_out(self, socket: LiveSocket, close: Close | None) -> None:
        self._talking.pop(socket, None)
        if socket not in self._sockets:
            return
        del self._sockets[socket]
        if close is None:
            self.stats.closed[1000] += 1
        self.admission.let_out(socket)
        (self._pongs if socket.asked_to_answer else self._pings).discard(socket, socket.ping_slot)
        self._ends.discard(socket, socket.end_slot)
        if self._rooms is not None:
            self._rooms.leave(socket, close)

    async def drain(self) -> None:
        """Let nobody in any more, and everybody out, in batches."""
        await self.draining.run(self._sockets)
        for socket in self._partings.all():
            socket.transport.abort()

    # What is due.

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            stop_if_cancelled()
            try:
                self._tick()
            except Exception:
                logger.exception("sockets could not be looked after")

    def _mind_revocations(self) -> None:
        """Close sockets whose tokens were revoked, as soon as this process has heard of it."""
        if self._reading is None:
            return
        authenticator = self._reading.side.gate.authenticator
        if authenticator.revocations.heard != self._revocations:
            self._revocations = authenticator.revocations.heard
            for socket in list(self._sockets):
                if socket.principal is not None and authenticator.ended(socket.principal):
                    socket.close(close_codes.UNAUTHENTICATED)

    def _tick(self) -> None:
        now = time.monotonic()
        for socket in self._pongs.due(now):
            socket.asked_to_answer = False
            if socket.heard:
                socket.ping_slot = self._pings.add(socket, now + self._interval - self._patience)
            else:
                socket.ping_slot = 0
                socket.close(close_codes.NO_ANSWER)
        for socket in self._pings.due(now):
            socket.asked_to_answer = True
            socket.ping_slot = self._pongs.add(socket, now + self._patience)
            socket.ping()
        for socket in self._ends.due(time.time()):
            socket.close(close_codes.UNAUTHENTICATED)
        self._mind_revocations()
        for socket in self._partings.due(now):
            socket.transport.abort()
        for socket in self._settling.due(now):
            if socket.state is State.LIVE and self._rooms is not None:
                self._rooms.settle(socket)
        talking, self._talking = self._talking, {}
        for socket, said in talking.items():
            if said >= PER_TICK and socket.state < State.GONE:
                socket.transport.resume_reading()
