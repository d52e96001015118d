"""Gets over connections that it keeps, as many as are needed at once."""

import asyncio

from tests.bench.poster import Connection
from tests.bench.servers import Served, bearer
from tests.bench.tools import ToolFailed


class Getter:
    """Reads as one person."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._head = f"Host: localhost\r\nAuthorization: {bearer()}\r\n\r\n"
        self._idle: list[Connection] = []

    async def get(self, path: str) -> bytes:
        """Get what has to be there.

        Raises:
            ToolFailed: it was not answered by 200.
        """
        connection = self._idle.pop() if self._idle else await self._connect()
        reader, writer = connection
        writer.write(f"GET {path} HTTP/1.1\r\n{self._head}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(v) for k, _, v in (h.partition(b":") for h in head.split(b"\r\n")) if k == b"content-length"
        )
        body = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ToolFailed(f"{path} was answered {head[:12].decode()}: {body[:200].decode()}")
        self._idle.append(connection)
        return body

    async def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _connect(self) -> Connection:
        return await asyncio.open_connection("127.0.0.1", self._server.port, limit=1 << 24)
