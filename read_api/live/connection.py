"""One live WebSocket: bytes in and out of its transport, and the little that is known of its client.

There may be 20,000 of these in a process, so that one holds no task, no timer, no queue and no compression
state; what it waits for is in sets of the gateway, and what it has not been sent yet in its project's room.
"""

import asyncio
import logging
from enum import IntEnum
from typing import Any, Protocol, cast
from uuid import UUID

from infra.http import close_codes
from infra.http.auth import Principal
from infra.http.close_codes import Close
from infra.http.sockets import Ended
from read_api.live.frames import BINARY, CLOSE, FINAL, PING, PING_FRAME, TEXT, close_frame, frame, pong_frame
from read_api.live.incoming import Incoming

logger = logging.getLogger(__name__)

# Bytes that may wait in a transport before its socket counts as behind.
WRITE_HIGH = 65_536


class State(IntEnum):
    """How far a socket is."""

    OPENING = 0
    LIVE = 1
    CLOSING = 2
    GONE = 3


class Owner(Protocol):
    """Who looks after sockets."""

    def received(self, socket: "LiveSocket", text: bytes) -> None:
        """Take a message of the client's; raises `Ended` if that is its last one."""
        ...

    def counted(self, size: int) -> None:
        """Bytes came in."""
        ...

    def resumed(self, socket: "LiveSocket") -> None:
        """What waited in the transport is gone."""
        ...

    def closing(self, socket: "LiveSocket", close: Close) -> None:
        """The socket was told that it ends."""
        ...

    def gone(self, socket: "LiveSocket") -> None:
        """The connection is no more."""
        ...


class LiveSocket(asyncio.Protocol):
    """A client's socket, as a protocol of its transport.

    `position`: every event of the project up to it was written here, or is not wanted. `principal` is set once
    the token was verified, and again when it is renewed.
    """

    __slots__ = (
        "_drained",
        "_incoming",
        "address",
        "asked_to_answer",
        "cursor",
        "deflate",
        "end_slot",
        "heard",
        "introduction",
        "missed",
        "owner",
        "paused",
        "ping_slot",
        "position",
        "principal",
        "project_id",
        "selection",
        "session",
        "settled",
        "since",
        "state",
        "transport",
    )

    def __init__(self, owner: Owner, transport: asyncio.Transport, session: UUID, *, deflate: bool) -> None:
        self.owner = owner
        self.transport = transport
        self.session = session
        self.deflate = deflate
        self.address = ""
        self.principal: Principal | None = None
        self.project_id: UUID | None = None
        self.position = 0
        self.state = State.OPENING
        self.since = 0.0
        # Whether it has stayed, or done something: only then it is somebody who is here.
        self.settled = False
        # How it is told to others who is here, as far as that stays the same.
        self.introduction: dict[str, Any] | None = None
        self.cursor: dict[str, Any] | None = None
        self.selection: dict[str, Any] | None = None
        # Whether it said anything since the last ping, and where it stands in the gateway's wheels.
        self.heard = True
        self.asked_to_answer = False
        self.ping_slot = self.end_slot = 0
        self.paused = False
        # Whether something that is no event was left out while it was behind.
        self.missed = False
        self._incoming = Incoming(deflate=deflate)
        self._drained: asyncio.Future[None] | None = None
        transport.set_write_buffer_limits(high=WRITE_HIGH)

    @property
    def user(self) -> str:
        """Whose socket it is."""
        return self.principal.user if self.principal is not None else ""

    @property
    def open(self) -> bool:
        """Whether anything may still be written."""
        return self.state < State.CLOSING

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport was made before."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        self.heard = True
        self.owner.counted(len(data))
        try:
            for opcode, payload in self._incoming.feed(data):
                if opcode == CLOSE:
                    self._closed_by_client(payload)
                    return
                self.take(opcode, payload)
        except Ended as ended:
            self.close(ended.close)
        except Exception:
            logger.exception("a live socket failed")
            self.close(close_codes.BROKEN)

    def take(self, opcode: int, payload: bytes) -> None:
        """Take one message or ping.

        Raises:
            Ended: it was the client's last one.
        """
        if not self.open:
            return
        if opcode == TEXT:
            self.owner.received(self, payload)
        elif opcode == PING:
            self.transport.write(pong_frame(payload))
        elif opcode == BINARY:
            raise Ended(close_codes.BAD_MESSAGE)

    def _closed_by_client(self, payload: bytes) -> None:
        if self.open:
            self.state = State.CLOSING
            code = int.from_bytes(payload[:2]) if payload else 1000
            self.transport.write(close_frame(code, ""))
        self.transport.close()

    def eof_received(self) -> bool:
        """Close when the client does."""
        return False

    def pause_writing(self) -> None:
        """The client does not take what it is sent as fast as that."""
        self.paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self.paused = False
        self._wake()
        self.owner.resumed(self)

    def connection_lost(self, _: Exception | None) -> None:
        """The connection is no more."""
        self.state = State.GONE
        self._wake()
        self.owner.gone(self)

    def _wake(self) -> None:
        if self._drained is not None:
            if not self._drained.done():
                self._drained.set_result(None)
            self._drained = None

    async def drained(self) -> None:
        """Wait until the client is not behind, or the socket is not open any more."""
        while self.paused and self.open:
            if self._drained is None:
                self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def write(self, frames: bytes) -> None:
        """Write whole frames."""
        if self.open:
            self.transport.write(frames)

    def say(self, message: bytes) -> None:
        """Write one message that is for this socket alone."""
        self.write(frame(FINAL | TEXT, message))

    def ping(self) -> None:
        """Ask the client for a sign of life."""
        self.heard = False
        self.write(PING_FRAME)

    def close(self, close: Close) -> None:
        """Tell the client why it ends, once; the connection is closed when it answers, or soon after."""
        if not self.open:
            return
        self.state = State.CLOSING
        self.transport.write(close_frame(close.code, close.reason))
        self._wake()
        self.owner.closing(self, close)
