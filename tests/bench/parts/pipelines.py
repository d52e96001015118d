"""Some command sockets in one cheap process, each with so many edits under way all the time.

It reads frames from raw sockets and only counts them by status, and it masks with zeros, which is a mask like any
other: so that it is not what is measured.
"""

import base64
import gc
import json
import os
import select
import socket
import sys
import time
from typing import Any

from tests.bench.part import say

PIECE = 1 << 18
PATIENCE = 30.0
MASK = bytes(4)
OK = b'"status":200'
TEXT = "hello world, this is a typical block edit with a few hundred bytes inside of it, so that the size is realistic"


def frame(payload: bytes) -> bytes:
    """Return a text frame, masked with zeros."""
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
    return head + MASK + payload


class Pipeline:
    """One socket: what it has asked, what it was answered, and bytes that are not a whole frame yet."""

    def __init__(self, port: int, token: str, blocks: list[tuple[str, str]], name: str) -> None:
        self.asked = self.answered = self.refused = 0
        self._rest = b""
        self._name = name
        self._blocks = [
            f'"type":"edit-block","project_id":"{p}","block_id":"{b}","changes":{{"text":"{TEXT} '
            for p, b in blocks
        ]
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                "GET /api/commands/socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: decklog.v1, bearer.{token}\r\n\r\n"
            ).encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(f"refused: {head[:200]!r}")

    def ask(self, count: int) -> None:
        """Send the next edits, each of another block."""
        parts = []
        for n in range(self.asked, self.asked + count):
            body = self._blocks[n % len(self._blocks)]
            parts.append(frame(f'{{"id":"{self._name}-{n:012x}",{body}{n}"}}}}'.encode()))
        self.asked += count
        self.socket.sendall(b"".join(parts))

    def hear(self) -> int:
        """Count the answers that have come; return how many."""
        piece = self.socket.recv(PIECE)
        if not piece:
            raise ConnectionError("the server closed")
        data = self._rest + piece if self._rest else piece
        at, end, found = 0, len(data), 0
        while at + 2 <= end:
            size, body = data[at + 1], at + 2
            if size == 126:
                size, body = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, body = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if body + size > end:
                break
            if data[at] & 0x0F != 1:
                raise ConnectionError(f"no answer: {data[at : body + size]!r}")
            found += 1
            if data.find(OK, body, body + size) < 0:
                self.refused += 1
            at = body + size
        self._rest = data[at:]
        self.answered += found
        return found


def drive(pipelines: list[Pipeline], window: int, seconds: float) -> None:
    """Keep so many edits under way on each, then wait for what is left."""
    poll = select.epoll()
    by_fd = {p.socket.fileno(): p for p in pipelines}
    for fd, pipeline in by_fd.items():
        poll.register(fd, select.EPOLLIN)
        pipeline.ask(window)
    end = time.monotonic() + seconds
    while True:
        for fd, _ in poll.poll(1.0):
            pipeline = by_fd[fd]
            found = pipeline.hear()
            if time.monotonic() < end:
                pipeline.ask(found)
        if time.monotonic() >= end and all(p.answered == p.asked for p in pipelines):
            return
        if time.monotonic() > end + PATIENCE:
            raise TimeoutError("answers are missing")


def main() -> None:
    config: dict[str, Any] = json.loads(sys.argv[1])
    blocks = [tuple(pair) for pair in config["blocks"]]
    count = config["sockets"]
    pipelines = [
        Pipeline(config["port"], config["token"], blocks[n::count], f"{config['name']}-{n:04x}")
        for n in range(count)
    ]
    gc.disable()
    begun, cpu = time.monotonic(), time.process_time()
    drive(pipelines, config["window"], config["seconds"])
    took = time.monotonic() - begun
    answered = sum(p.answered for p in pipelines)
    say(
        {
            "answered": answered,
            "refused": sum(p.refused for p in pipelines),
            "seconds": took,
            "client_share": (time.process_time() - cpu) / took,
        }
    )


if __name__ == "__main__":
    main()
