"""Frames that a client sends: put together to messages, checked as RFC 6455 and 7692 ask.

Nothing is kept between messages, so that a silent socket costs next to nothing.
"""

import zlib
from collections.abc import Iterator

from infra.http.close_codes import BAD_FRAME, BAD_TEXT, TOO_BIG
from infra.http.sockets import Ended
from read_api.live.frames import (
    BINARY,
    CLOSE,
    COMPRESSED,
    EIGHT_BYTES,
    FINAL,
    PING,
    PONG,
    TAIL,
    TEXT,
    TWO_BYTES,
)

CONTINUED = 0x0
CONTROL = 0x8
RESERVED = 0x30
MASKED = 0x80
MASK_SIZE = 4
CONTROL_LIMIT = 125
# What a client may send in one message; a frame that says it is larger is not waited for.
MESSAGE_LIMIT = 65_536
INFLATE_WINDOW = -15
# Close codes that may stand on the wire.
CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
OWN_CODES = range(3000, 5000)
CODE_SIZE = 2

Received = tuple[int, bytes]


class Incoming:
    """The reading end of one socket."""

    __slots__ = ("_deflate", "_first", "_parts", "_rest", "_size")

    def __init__(self, *, deflate: bool) -> None:
        self._deflate = deflate
        self._rest = b""
        # The first byte of a message that is not complete yet, and what has come of it.
        self._first = 0
        self._parts: list[bytes] | None = None
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Received]:
        """Take bytes, and yield what is complete: (TEXT, BINARY, PING, PONG or CLOSE, payload).

        Raises:
            Ended: the client broke the protocol, or sent too much.
        """
        data = self._rest + data if self._rest else data
        at = 0
        try:
            while (found := _frame(data, at)) is not None:
                first, payload, at = found
                if (received := self._take(first, payload)) is not None:
                    yield received
        finally:
            self._rest = data[at:] if at < len(data) else b""

    def _take(self, first: int, payload: bytes) -> Received | None:
        opcode = first & 0x0F
        if first & RESERVED or (first & COMPRESSED and (not self._deflate or opcode not in {TEXT, BINARY})):
            raise Ended(BAD_FRAME)
        if opcode & CONTROL:
            return _control(first, opcode, payload)
        if opcode == CONTINUED:
            if self._parts is None:
                raise Ended(BAD_FRAME)
        elif opcode not in {TEXT, BINARY} or self._parts is not None:
            raise Ended(BAD_FRAME)
        else:
            if first & FINAL:
                return self._whole(first, payload)
            self._first, self._parts, self._size = first, [], 0
        self._parts.append(payload)
        self._size += len(payload)
        if self._size > MESSAGE_LIMIT:
            raise Ended(TOO_BIG)
        if not first & FINAL:
            return None
        whole, self._parts = b"".join(self._parts), None
        return self._whole(self._first, whole)

    @staticmethod
    def _whole(first: int, payload: bytes) -> Received:
        if first & COMPRESSED:
            payload = _inflated(payload)
        opcode = first & 0x0F
        if opcode == TEXT and not payload.isascii():
            _text(payload)
        return opcode, payload


def _frame(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Return a frame's first byte, its payload unmasked, and where the next one begins; None: more has to come."""
    end = len(data)
    if end - at < CODE_SIZE:
        return None
    first, size, body = data[at], data[at + 1], at + 2
    if not size & MASKED:
        raise Ended(BAD_FRAME)
    size &= ~MASKED
    if first & CONTROL and (size > CONTROL_LIMIT or not first & FINAL):
        raise Ended(BAD_FRAME)
    if size == TWO_BYTES:
        size, body = int.from_bytes(data[body : body + 2]), body + 2
    elif size == EIGHT_BYTES:
        size, body = int.from_bytes(data[body : body + 8]), body + 8
    if body > end:
        return None
    if size > MESSAGE_LIMIT:
        raise Ended(TOO_BIG)
    start = body + MASK_SIZE
    if start + size > end:
        return None
    return first, _unmasked(data[body:start], data[start : start + size]), start + size


def _unmasked(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    repeated = (mask * (size // MASK_SIZE + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(size)


def _control(first: int, opcode: int, payload: bytes) -> Received:
    if first & COMPRESSED or opcode not in {CLOSE, PING, PONG}:
        raise Ended(BAD_FRAME)
    if opcode == CLOSE and payload:
        code = int.from_bytes(payload[:CODE_SIZE])
        if len(payload) < CODE_SIZE or (code not in CODES and code not in OWN_CODES):
            raise Ended(BAD_FRAME)
        _text(payload[CODE_SIZE:])
    return opcode, payload


def _inflated(payload: bytes) -> bytes:
    grow = zlib.decompressobj(INFLATE_WINDOW)
    try:
        whole = grow.decompress(payload + TAIL, MESSAGE_LIMIT + 1)
    except zlib.error:
        raise Ended(BAD_FRAME) from None
    if len(whole) > MESSAGE_LIMIT:
        raise Ended(TOO_BIG)
    return whole


def _text(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise Ended(BAD_TEXT) from None
