"""HTTP for very many people in one process: a general client takes ten times as long, and is then what is measured."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

# Connections at once, and seconds after which an idle one is given up: sooner than the server does it.
MOST: Final = 256
IDLE: Final = 2.0
PATIENCE: Final = 30.0
_FINE: Final = 400

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes

    @property
    def fine(self) -> bool:
        """Whether it is no refusal."""
        return self.status < _FINE

    def json(self) -> Any:
        """Read the body."""
        return orjson.loads(self.body)


class Speaker:
    """Asks one server, on connections that are kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port
        self._idle: deque[tuple[float, Connection]] = deque()
        self._places = asyncio.Semaphore(MOST)

    async def ask(self, method: str, path: str, token: str, fields: Any = None) -> Answer:
        """Ask once.

        Raises:
            OSError: the connection was lost, or cannot be had; TimeoutError is one.
            EOFError: it ended in the middle of an answer.
        """
        body = orjson.dumps(fields) if fields is not None else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        async with self._places, asyncio.timeout(PATIENCE):
            connection = self._kept() or await asyncio.open_connection(self._host, self._port)
            whole = False
            try:
                answer = await _asked(connection, head.encode() + body)
                whole = True
            finally:
                if not whole:
                    connection[1].close()
            self._idle.append((time.monotonic(), connection))
            return answer

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[1][1].close()

    def _kept(self) -> Connection | None:
        """Return the connection that was used last; what was not used for long is given up."""
        while self._idle and self._idle[0][0] < time.monotonic() - IDLE:
            self._idle.popleft()[1][1].close()
        return self._idle.pop()[1] if self._idle else None


async def _asked(connection: Connection, request: bytes) -> Answer:
    reader, writer = connection
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return Answer(int(head[9:12]), await reader.readexactly(length))
