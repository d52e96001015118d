"""WebSocket frames by hand, right and wrong, on plain connections."""

import asyncio
import base64
import json
import os
import random
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def frame(first: int, payload: bytes, *, masked: bool = True, size: int | None = None) -> bytes:
    """Return a frame; `size` is what it claims to have, if that is not true."""
    claimed = len(payload) if size is None else size
    if claimed < 126:
        head = bytes([first, claimed])
    elif claimed < 1 << 16:
        head = bytes([first, 126]) + claimed.to_bytes(2)
    else:
        head = bytes([first, 127]) + claimed.to_bytes(8)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return bytes([head[0], head[1] | 0x80]) + head[2:] + mask + body


def text(message: object) -> bytes:
    return frame(0x80 | TEXT, orjson.dumps(message))


@dataclass
class Heard:
    """What a server said on one connection until it ended."""

    messages: list[object] = field(default_factory=list)
    code: int | None = None


async def converse(url: str, path: str, token: str, sent: bytes) -> Heard:
    """Open a socket, send these bytes and then no more, and take what comes until the server ends."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            (
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: decklog.v1, bearer.{token}\r\n\r\n"
            ).encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        writer.write(sent)
        writer.write_eof()
        came = b""
        # A server that has not read all of it may end with a reset, which takes along what was not read here.
        with suppress(ConnectionResetError):
            while piece := await reader.read(1 << 16):
                came += piece
        return _heard(came)
    finally:
        writer.transport.abort()


def _heard(data: bytes) -> Heard:
    heard = Heard()
    at = 0
    while at < len(data):
        first, size, body = data[at], data[at + 1], at + 2
        assert not size & 0x80, "a server's frame is not masked"
        if size == 126:
            size, body = int.from_bytes(data[body : body + 2]), body + 2
        elif size == 127:
            size, body = int.from_bytes(data[body : body + 8]), body + 8
        payload = data[body : body + size]
        if len(payload) < size:
            break
        if first & 0x0F == TEXT:
            heard.messages.append(orjson.loads(payload))
        elif first & 0x0F == CLOSE:
            heard.code = int.from_bytes(payload[:2]) if payload else 1005
        at = body + size
    return heard


_VALUES = (
    None,
    True,
    0,
    -1,
    1e300,
    2**70,
    "",
    "x",
    "\x00",
    "ping",
    "auth",
    [],
    {},
    [[[]]],
    {"a": {}},
    "é" * 300,
)
_NAMES = ("type", "id", "token", "commands", "project_id", "block_id", "changes", "block_ids", "atomic", "x")


def _json(picked: random.Random) -> bytes:
    shape = picked.randrange(4)
    if shape == 0:
        value: object = picked.choice(_VALUES)
    elif shape == 1:
        value = {picked.choice(_NAMES): picked.choice(_VALUES) for _ in range(picked.randint(0, 5))}
    elif shape == 2:
        kind = picked.choice(["cursor", "selection", "edit-block", "create-project", "ping", "auth"])
        value = {"type": kind, **{picked.choice(_NAMES): picked.choice(_VALUES) for _ in range(3)}}
    else:
        return b"[" * picked.randint(1, 30_000)
    # orjson writes no numbers of 70 bits.
    return json.dumps(value).encode()


def case(picked: random.Random) -> bytes:
    """Return what a broken, hostile or merely odd client might send: some frames, or what looks like them."""
    noise = picked.randbytes(picked.randint(0, 200))
    pieces = [
        lambda: noise,
        lambda: frame(0x80 | TEXT, _json(picked)),
        lambda: frame(0x80 | TEXT, _json(picked)),
        lambda: frame(0x80 | TEXT, b'{"type":"ping","x":"\xff\xfe"}'),
        lambda: frame(0x80 | BINARY, noise),
        lambda: frame(0x80 | picked.randrange(16), noise),
        lambda: frame(picked.randrange(256), noise),
        lambda: frame(0x80 | TEXT, noise, masked=False),
        lambda: frame(0x80 | TEXT, noise, size=picked.choice([2**20, 2**31, 2**62, 65_535, len(noise) + 1])),
        lambda: frame(0x80 | TEXT, b'{"type":"x","y":"' + b"z" * picked.choice([20_000, 70_000]) + b'"}'),
        lambda: frame(TEXT, b'{"type":') + frame(0, b'"pi') + frame(0x80, b'ng"}'),
        lambda: frame(TEXT, b'{"type":') + frame(0x80 | TEXT, b"{}"),
        lambda: frame(TEXT, b'{"type":') + frame(0x80 | PING, b"still here") + frame(0x80, b'"ping"}'),
        lambda: frame(0x80, b"a continuation of nothing"),
        lambda: frame(0x80 | PING, b"p" * picked.choice([0, 125, 126, 300])),
        lambda: frame(PING, b"in pieces"),
        lambda: frame(
            0x80 | CLOSE,
            picked.choice([b"", b"\x03", b"\x03\xe8", b"\x03\xed", b"\xff\xff", b"\x03\xe8\xff"]),
        ),
        lambda: frame(0xC0 | TEXT, noise),
        lambda: text({"type": "ping"})[: picked.randint(1, 8)],
    ]
    return b"".join(picked.choice(pieces)() for _ in range(picked.randint(1, 4)))
