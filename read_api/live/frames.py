"""WebSocket frames (RFC 6455, RFC 7692), each built once, however many sockets it is written to."""

import zlib

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FINAL, COMPRESSED = 0x80, 0x40
SHORT, TWO_BYTES = 125, 126
MEDIUM, EIGHT_BYTES = 0xFFFF, 127
# The window of what is compressed here, which a client's offer may not be below: Python's `websockets` asks
# for 12. A larger one gains little on messages of a few KB.
WINDOW_BITS = 12
LEVEL, MEMORY = 6, 5
# What a deflated message ends with, and is sent without.
TAIL = b"\x00\x00\xff\xff"
# A close frame's payload is 125 bytes at most, two of them the code.
REASON_LIMIT = 123


def frame(first: int, payload: bytes) -> bytes:
    """Put a server's frame together: its first byte, the size, the payload unmasked."""
    size = len(payload)
    if size <= SHORT:
        return bytes((first, size)) + payload
    if size <= MEDIUM:
        return bytes((first, TWO_BYTES)) + size.to_bytes(2) + payload
    return bytes((first, EIGHT_BYTES)) + size.to_bytes(8) + payload


def deflated(payload: bytes) -> bytes:
    """Compress one message by itself: no memory of it stays, on either side."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS, MEMORY)
    return (squeeze.compress(payload) + squeeze.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


def close_frame(code: int, reason: str) -> bytes:
    """Build the frame that ends a socket; a reason that is too long is cut."""
    told = reason.encode()[:REASON_LIMIT].decode("utf-8", "ignore")
    return frame(FINAL | CLOSE, code.to_bytes(2) + told.encode())


def pong_frame(payload: bytes) -> bytes:
    """Build the answer to a ping."""
    return frame(FINAL | PONG, payload)


PING_FRAME = frame(FINAL | PING, b"")


class Message:
    """One text message as frames: plain, and for sockets that agreed to it, compressed.

    The compressed one is built when the first such socket is written to, and only from `threshold` bytes on.
    """

    __slots__ = ("_compressed", "_threshold", "payload", "plain")

    def __init__(self, payload: bytes, threshold: int) -> None:
        self.payload = payload
        self.plain = frame(FINAL | TEXT, payload)
        self._threshold = threshold
        self._compressed: bytes | None = None

    @property
    def compressed(self) -> bytes:
        """The frame for sockets with compression."""
        if self._compressed is None:
            self._compressed = self.plain
            if len(self.payload) >= self._threshold:
                smaller = frame(FINAL | COMPRESSED | TEXT, deflated(self.payload))
                if len(smaller) < len(self.plain):
                    self._compressed = smaller
        return self._compressed

    def wire(self, *, deflate: bool) -> bytes:
        """Return the frame for a socket with or without compression."""
        return self.compressed if deflate else self.plain
