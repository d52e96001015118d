"""An answer in one write: uvicorn writes its head and its body apart, and each write costs a system call."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Joined(RequestResponseCycle):
    """uvicorn's exchange of one request, whose head waits for the body if that comes whole.

    It becomes that of an exchange that uvicorn has made, for uvicorn names the class itself. What has no length that
    is known is a stream: its head goes out at once, for its reader waits for nothing else.
    """

    _head: Any = None

    async def send(self, message: Any) -> None:
        """Send the next part of the answer."""
        if message["type"] == "http.response.start" and _has_length(message):
            # Of two, the second is that of an answer that could not be finished: an error.
            self._head = message
            return
        if self._head is None:
            await super().send(message)
            return
        head, self._head = self._head, None
        written = self.transport
        joint = _Joint(written)
        self.transport = joint  # type: ignore[assignment]  # it takes what an exchange says to its transport
        try:
            await super().send(head)
            await super().send(message)
        finally:
            self.transport = written
            joint.flush()


class _Joint:
    """Takes what is written to a transport, to write it at once."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._parts.append(data)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()


def _has_length(message: Any) -> bool:
    return any(name == b"content-length" for name, _ in message["headers"])
