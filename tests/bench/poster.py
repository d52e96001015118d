"""Posts at a steady rate, whatever the answers take, and notes when each post was sent."""

import asyncio
import time
from collections.abc import Callable

from tests.bench.servers import Served, bearer
from tests.bench.tools import ToolFailed

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENCE = 30.0


class Poster:
    """Keeps connections open, as many as are needed at once."""

    def __init__(self, server: Served, path: str) -> None:
        self._server = server
        self._head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer()}\r\nContent-Type: application/json\r\n"
        self._idle: list[Connection] = []

    async def post(self, body: bytes) -> float:
        """Post, wait for the answer, and return the moment just before the bytes were sent.

        Raises:
            ToolFailed: it was not answered by 200.
        """
        request = f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        connection = self._idle_one() or await self._connect()
        reader, writer = connection
        sent = time.monotonic()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(v) for k, _, v in (h.partition(b":") for h in head.split(b"\r\n")) if k == b"content-length"
        )
        answer = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ToolFailed(f"a post was answered {head[:12].decode()}: {answer[:200].decode()}")
        self._idle.append(connection)
        return sent

    async def steadily(self, body: Callable[[int], bytes], count: int, rate: float) -> dict[int, float]:
        """Post `count` bodies, `rate` a second; return when each was sent."""
        begun = time.monotonic()

        async def one(n: int) -> float:
            await asyncio.sleep(begun + n / rate - time.monotonic())
            return await self.post(body(n))

        async with asyncio.timeout(count / rate + PATIENCE):
            moments = await asyncio.gather(*(one(n) for n in range(count)))
        return dict(enumerate(moments))

    async def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    def _idle_one(self) -> Connection | None:
        """Return a connection that is not in use; those that were not for long, the server has closed."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _connect(self) -> Connection:
        return await asyncio.open_connection("127.0.0.1", self._server.port)
