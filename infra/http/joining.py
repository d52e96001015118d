"""An answer in one write: uvicorn writes its head and its body apart, and each write costs a system call."""

import re
from collections.abc import Sequence
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

# What no head may have beside the ends of its lines, in RFC 9110's words: a field value has no control characters.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_END: Final = b"\r\n"


class Joined(RequestResponseCycle):
    """uvicorn's exchange of one request, whose head waits for the body if that comes whole.

    It becomes that of an exchange that uvicorn has made, for uvicorn names the class itself. What has no length that
    is known is a stream: its head goes out at once, for its reader waits for nothing else.
    """

    _head: Any = None

    async def send(self, message: Any) -> None:
        """Send the next part of the answer."""
        if message["type"] == "http.response.start" and _length(message) is not None:
            # Of two, the second is that of an answer that could not be finished: an error.
            self._head = message
            return
        if self._head is None:
            await super().send(message)
            return
        head, self._head = self._head, None
        if self._is_plain(head, message):
            self._write_whole(head["status"], head["headers"], message.get("body", b""))
            return
        written = self.transport
        joint = _Joint(written)
        self.transport = joint  # type: ignore[assignment]  # it takes what an exchange says to its transport
        try:
            await super().send(head)
            await super().send(message)
        finally:
            self.transport = written
            joint.flush()

    def _is_plain(self, head: Any, message: Any) -> bool:
        """Tell whether this is a whole answer of which nothing special is to be thought: that is uvicorn's affair."""
        return (
            message["type"] == "http.response.body"
            and not message.get("more_body", False)
            and _length(head) == len(message.get("body", b""))
            and self.keep_alive
            and not self.access_log
            and not self.disconnected
            and not self.flow.write_paused
            and not self.response_started
            and self.scope["method"] != "HEAD"
        )

    def _write_whole(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        lines = [b"%b: %b" % header for header in self.default_headers]
        for name, value in headers:
            if name == b"connection" and b"close" in value.lower():
                self.keep_alive = False
            lines.append(b"%b: %b" % (name, value))
        block = _END.join(lines)
        if _CONTROL.search(block) or not block.count(b"\r") == block.count(b"\n") == len(lines) - 1:
            raise RuntimeError("a header of the answer holds what would end it, or is no text")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"".join((STATUS_LINE[status], block, b"\r\n\r\n", body)))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


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


def _length(message: Any) -> int | None:
    for name, value in message["headers"]:
        if name == b"content-length":
            return int(value)
    return None
