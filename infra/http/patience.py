"""Connections at their beginning: who sends slower than anybody has to is sent away, and who comes while all is full."""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from infra.http.door import DOOR, Door
from infra.http.joining import Joined

_TIMED_OUT: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with time limits for heads and bodies; uvicorn has one for idle connections alone.

    Each connection looks at itself now and then: a request costs it two assignments. It leans on the names of
    uvicorn's callbacks: the version is pinned, and a test sends slowly.

    Attributes:
        head_patience: seconds from a request's first byte (or the connection's beginning) to the end of its head.
        body_patience: seconds for a body, and another for each `least_rate` bytes of it.
        look_every: seconds between two looks.
    """

    head_patience: ClassVar[float] = 10.0
    body_patience: ClassVar[float] = 20.0
    least_rate: ClassVar[int] = 16_384
    look_every: ClassVar[float] = 2.0

    _began: float | None = None
    _has_head = False
    _size = 0
    _door: Door | None = None
    _turned_away = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._door = self.app_state.get(DOOR)
        self._began = self.loop.time()
        self.loop.call_later(self.look_every, self._look)

    def on_message_begin(self) -> None:
        """Wait for a head."""
        super().on_message_begin()
        self._began, self._has_head, self._size = self.loop.time(), False, 0
        self._turned_away = False

    def on_headers_complete(self) -> None:
        """Wait for a body, if there is room for the request."""
        self._has_head = True
        door = self._door
        if door is not None and door.shut and self._is_turned_away(door):
            self._turned_away = True
            self.transport.write(door.answer)
        else:
            super().on_headers_complete()
            if type(self.cycle) is RequestResponseCycle:
                self.cycle.__class__ = Joined

    def on_body(self, body: bytes) -> None:
        """Give it time for more."""
        self._size += len(body)
        if not self._turned_away:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing any more: what takes time now is our own affair."""
        self._began = None
        if self._turned_away:
            self.on_response_complete()
        else:
            super().on_message_complete()

    def _is_turned_away(self, door: Door) -> bool:
        # Answers keep the order of their requests, and connections that are to end are uvicorn's affair.
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            return False
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return False
        return door.turns_away(self.parser.get_method().decode("ascii"), self.url, self.headers)

    def _look(self) -> None:
        transport: Any = self.transport
        if transport.is_closing() or transport.get_protocol() is not self:
            return
        if self._began is not None:
            age = self.loop.time() - self._began
            most = self.body_patience + self._size / self.least_rate if self._has_head else self.head_patience
            if age > most:
                if not self._has_head:
                    transport.write(_TIMED_OUT)
                transport.close()
                return
        self.loop.call_later(self.look_every, self._look)
