"""The command socket's end of a connection: whole messages in, whole messages out, without a queue between.

uvicorn's WebSocket protocol makes a frame object, a dictionary and a wake-up of each message, and an answer passes
five layers on its way out; that took longer than the command itself. Here a plain text frame is taken apart where
it arrives, and answers that are ready at once leave in one write. All else (the handshake, fragments, pings, closes,
whatever is no valid frame) is left to uvicorn and websockets, whose private names this leans on: both are pinned.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State
from websockets.speedups import apply_mask

from write_api.intake import BATCH_BODY

EXTENSION = "decklog.wire"
# A message beside what HTTP has in its body: the id, and the name of the command.
_ENVELOPE = 4_096

# Seconds for a client that was told that it broke the protocol to hear it.
_PARTING = 2.0
_TEXT = 0x81  # the final, that is the only, frame of a text that is not compressed
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_MASK = 4


class Session(Protocol):
    """Who is served on a wire. Nothing here may raise."""

    def take(self, text: bytes) -> None:
        """Take a message."""

    def take_binary(self) -> None:
        """Take what is no text."""

    def resumed(self) -> None:
        """Hear that the client reads again."""

    def drain(self) -> None:
        """Hear that the server is about to end: close the socket when what was taken is answered."""

    def lost(self) -> None:
        """Hear that the connection is gone."""


class CommandWire(WebSocketsSansIOProtocol):
    """A WebSocket connection of uvicorn's, until a session begins on it; then messages go straight there."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._session: Session | None = None
        self._partial = b""
        self._out: list[bytes] = []
        self._held = False

    # What a session asks for.

    def begin(self, session: Session) -> None:
        """Hand all messages to a session from now on, first those that came before."""
        self._session = session
        while not self.queue.empty():
            message: Any = self.queue.get_nowait()
            if message["type"] == "websocket.disconnect":
                session.lost()
            elif (text := message.get("text")) is not None:
                session.take(text.encode())
            else:
                session.take_binary()
        self.read_paused = False
        if not self._held and not self.transport.is_closing():
            self.transport.resume_reading()

    def say(self, text: bytes) -> None:
        """Send a message, together with what else is said before the loop turns; lost if the connection is."""
        size = len(text)
        if size < _TWO_BYTES:
            head = bytes((_TEXT, size))
        elif size < 1 << 16:
            head = b"\x81\x7e" + size.to_bytes(2)
        else:
            head = b"\x81\x7f" + size.to_bytes(8)
        if not self._out:
            self.loop.call_soon(self._flush)
        self._out += (head, text)

    def hold(self) -> None:
        """Read nothing any more: the client's own socket fills up."""
        if not self._held:
            self._held = True
            if not self.transport.is_closing():
                self.transport.pause_reading()

    def release(self) -> None:
        """Read again."""
        if self._held:
            self._held = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    @property
    def held(self) -> bool:
        """Whether nothing is read at present."""
        return self._held

    @property
    def clogged(self) -> bool:
        """Whether the client does not read what it is sent."""
        return not self.writable.is_set()

    def close(self, code: int, reason: str) -> None:
        """Close the socket after what was said; the connection ends with the client's own close, or in a while."""
        self._flush()
        self._session = None
        self.release()
        if self.close_sent or self.transport.is_closing() or self.conn.state is not State.OPEN:
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and not self.close_sent and self.conn.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(b"".join(out))

    # What uvicorn and the loop call.

    def handle_connect(self, event: Request) -> None:
        """Begin to serve a request; its scope names this connection."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = {**(self.scope["extensions"] or {}), EXTENSION: self}
            self.scope["extensions"] = extensions

    def data_received(self, data: bytes) -> None:
        """Take plain text frames apart; from anything else on, a chunk is the library's."""
        if self._session is None or self.conn.reader.buffer or self.conn.current_size is not None:
            super().data_received(data)
            return
        if self._partial:
            data, self._partial = self._partial + data, b""
        at = self._take_texts(data)
        if at < len(data) and not self._wait_for_more(data, at):
            super().data_received(data[at:] if at else data)

    def _take_texts(self, data: bytes) -> int:
        """Hand over the plain text frames that stand whole at the beginning; return where they end."""
        at, end, most = 0, len(data), self.config.ws_max_size
        while (session := self._session) is not None and at + 2 + _MASK <= end and data[at] == _TEXT:
            size, body = data[at + 1] ^ _MASKED, at + 2
            if size == _TWO_BYTES:
                size, body = int.from_bytes(data[body : body + 2]), body + 2
            elif size >= _EIGHT_BYTES:
                break
            begin = body + _MASK
            if begin + size > end or size > most:
                break
            session.take(apply_mask(data[begin : begin + size], data[body:begin]))
            at = begin + size
        return at

    def _wait_for_more(self, data: bytes, at: int) -> bool:
        """Keep the beginning of what may become a plain text frame; it has 64 KiB at most."""
        rest = data[at : at + 2]
        if self._session is None or rest[0] != _TEXT:
            return False
        if len(rest) > 1 and (rest[1] < _MASKED or rest[1] == _MASKED | _EIGHT_BYTES):
            return False
        if len(data) - at >= _MASK and rest[1] == _MASKED | _TWO_BYTES:
            size = int.from_bytes(data[at + 2 : at + 4])
            if size > self.config.ws_max_size:
                return False
        self._partial = data[at:]
        return True

    def send_receive_event_to_app(self) -> None:
        """Hand over a message that the library put together."""
        session = self._session
        if session is None:
            super().send_receive_event_to_app()
            return
        data = b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "text":
            session.take(data)
        else:
            session.take_binary()

    def handle_parser_exception(self) -> None:
        """Close for a frame that breaks the protocol, or a message that is too big.

        What still comes is read, and thrown away, for a moment: a connection that is closed on bytes that were not
        read is reset, and then its client does not get to see why.
        """
        session, self._session = self._session, None
        if session is None:
            super().handle_parser_exception()
            return
        session.lost()
        self.release()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(_PARTING, self.transport.close)

    def handle_ping(self) -> None:
        """Answer a ping, after what was said before it."""
        self._flush()
        super().handle_ping()

    def keepalive_timeout(self) -> None:
        """Close when a ping was not answered, unless the answer may wait where nothing is read."""
        if self._held and not self.clogged:
            assert self.ping_timeout is not None  # noqa: S101 - the timer that calls this is only set with it
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
            return
        super().keepalive_timeout()

    def resume_writing(self) -> None:
        """Hear that the client reads again."""
        super().resume_writing()
        if self._session is not None:
            self._session.resumed()

    def shutdown(self) -> None:
        """End soon, for the server ends."""
        if self._session is None:
            super().shutdown()
        else:
            self._session.drain()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the connection is gone."""
        super().connection_lost(exc)
        session, self._session = self._session, None
        if session is not None:
            session.lost()


# How uvicorn is told of it. Nothing is compressed: commands are short, and a compressor's state is not.
UVICORN: Final[Mapping[str, Any]] = MappingProxyType(
    {"ws": CommandWire, "ws_max_size": BATCH_BODY + _ENVELOPE, "ws_per_message_deflate": False}
)
