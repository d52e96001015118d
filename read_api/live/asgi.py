"""Live sockets under a server that knows only ASGI: the same gateway, behind a transport made of messages.

Each costs a task and a queue more than a connection that `UpgradingProtocol` hands over.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.http.sockets import Ended, chosen
from read_api.live.connection import WRITE_HIGH, LiveSocket
from read_api.live.frames import BINARY, CLOSE, EIGHT_BYTES, TEXT, TWO_BYTES
from read_api.live.gateway import Gateway
from read_api.live.handshake import Asked, asked


class AsgiSockets:
    """The route of live sockets for servers that do not hand connections over."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        await socket.accept(chosen(socket))
        transport = MessageTransport()
        live = self._gateway.begin(transport, _asked(socket), socket.scope)
        sending = asyncio.create_task(transport.send_all(socket))
        try:
            await _receive(socket, live)
        finally:
            transport.close()
            live.connection_lost(None)
            await asyncio.gather(sending, return_exceptions=True)


def _asked(socket: WebSocket) -> Asked:
    url = socket.scope["raw_path"] + b"?" + socket.scope["query_string"]
    found = asked("GET", url, socket.scope["headers"])
    assert found is not None  # noqa: S101 - the route has the same form
    return replace(found, extension=None)


async def _receive(socket: WebSocket, live: LiveSocket) -> None:
    while live.open:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        live.heard = True
        try:
            live.take(*((TEXT, text.encode()) if text is not None else (BINARY, b"")))
        except Ended as ended:
            live.close(ended.close)


class MessageTransport(asyncio.Transport):
    """Takes frames as a socket's transport does, and sends the messages in them through ASGI."""

    def __init__(self) -> None:
        super().__init__()
        self._protocol: LiveSocket | None = None
        self._messages: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._closed = False

    def set_protocol(self, protocol: Any) -> None:
        """Remember whom to tell about backpressure."""
        self._protocol = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Limits are always `WRITE_HIGH`, and nothing."""

    def pause_reading(self) -> None:
        """The server's own flow control is all there is."""

    def resume_reading(self) -> None:
        """As `pause_reading`."""

    def write(self, data: Any) -> None:
        """Queue the messages of whole frames."""
        self._messages.extend(_messages(bytes(data)))
        self._size += len(data)
        if self._size > WRITE_HIGH and self._protocol is not None:
            self._protocol.pause_writing()
        self._wake.set()

    def close(self) -> None:
        """Send what is queued, and no more."""
        self._closed = True
        self._wake.set()

    def abort(self) -> None:
        """Send nothing more."""
        self._messages.clear()
        self.close()

    async def send_all(self, socket: WebSocket) -> None:
        """Send until closed, or the client is gone."""
        with suppress(RuntimeError, WebSocketDisconnect):
            while True:
                while self._messages:
                    opcode, payload = self._messages.popleft()
                    if opcode == TEXT:
                        await socket.send_text(payload.decode())
                    elif opcode == CLOSE:
                        await socket.close(int.from_bytes(payload[:2]), payload[2:].decode())
                        return
                self._size = 0
                if self._protocol is not None and self._protocol.paused:
                    self._protocol.resume_writing()
                    continue
                if self._closed:
                    return
                self._wake.clear()
                await self._wake.wait()


def _messages(frames: bytes) -> Iterator[tuple[int, bytes]]:
    """Take apart what was framed here: whole frames, unmasked, not compressed."""
    at = 0
    while at < len(frames):
        opcode, size, body = frames[at] & 0x0F, frames[at + 1], at + 2
        if size == TWO_BYTES:
            size, body = int.from_bytes(frames[body : body + 2]), body + 2
        elif size == EIGHT_BYTES:
            size, body = int.from_bytes(frames[body : body + 8]), body + 8
        yield opcode, frames[body : body + size]
        at = body + size
