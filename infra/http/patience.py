"""Connections that send a request slower than anybody has to: they are closed, before they are too many."""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._began = self.loop.time()
        self.loop.call_later(self.look_every, self._look)

    def on_message_begin(self) -> None:
        """Wait for a head."""
        super().on_message_begin()
        self._began, self._has_head, self._size = self.loop.time(), False, 0

    def on_headers_complete(self) -> None:
        """Wait for a body."""
        self._has_head = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Give it time for more."""
        self._size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing any more: what takes time now is our own affair."""
        self._began = None
        super().on_message_complete()

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
