"""A transport for tests, and what was written to it as the messages in the frames."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson

from infra.http.auth import Principal
from infra.http.close_codes import Close
from projections.live import LiveItem
from read_api.live.connection import LiveSocket

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")


class Wire(asyncio.Transport):
    """Keeps what is written; it is full when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.writes = 0
        self.ended = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def set_protocol(self, protocol: Any) -> None:
        pass

    def write(self, data: Any) -> None:
        self.written += data
        self.writes += 1

    def close(self) -> None:
        self.ended = True

    abort = close


class Desk:
    """The owner of sockets: lets those that end out of their room."""

    def __init__(self) -> None:
        self.room: Any = None
        self.said: list[bytes] = []
        self.closed: dict[LiveSocket, Close] = {}

    def received(self, _: LiveSocket, text: bytes) -> None:
        self.said.append(text)

    def counted(self, size: int) -> None:
        pass

    def resumed(self, socket: LiveSocket) -> None:
        self.room.resumed(socket)

    def closing(self, socket: LiveSocket, close: Close) -> None:
        self.closed[socket] = close
        if self.room is not None:
            self.room.leave(socket)

    def gone(self, socket: LiveSocket) -> None:
        if self.room is not None:
            self.room.leave(socket)


def socket_of(desk: Desk, user: str = "ada", *, deflate: bool = False) -> tuple[LiveSocket, Wire]:
    wire = Wire()
    socket = LiveSocket(desk, wire, uuid4(), deflate=deflate)
    socket.project_id = PROJECT
    socket.since = 1.0
    socket.principal = Principal(user, "free", frozenset(), None, None, 2e9)
    return socket, wire


def item(position: int, kind: str = "block", event: str = "block-edited", **data: Any) -> LiveItem:
    message = {"type": "event", "position": position, "event": event, "data": data}
    return LiveItem(position, PROJECT, PROJECT, kind, orjson.dumps(message))


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """Take frames of a server apart: (first byte, payload)."""
    found, at = [], 0
    while at < len(data):
        first, size, body = data[at], data[at + 1], at + 2
        if size == 126:
            size, body = int.from_bytes(data[body : body + 2]), body + 2
        elif size == 127:
            size, body = int.from_bytes(data[body : body + 8]), body + 8
        found.append((first, data[body : body + size]))
        at = body + size
    return found


def positions(wire: Wire) -> list[int]:
    """Return the positions of the events that were written, and leave out all that is no event."""
    told = [orjson.loads(payload) for first, payload in frames(wire.written) if first == 0x81]
    return [m["position"] for m in told if m["type"] == "event"]
