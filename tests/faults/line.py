"""A proxy in front of a server: connections that are cut, answers that are lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PIECE = 1 << 16


@dataclass
class Line:
    """The proxy; `url` is its own address."""

    target: tuple[str, int]
    url: str = ""
    # How many of the next answers are thrown away, each with its connection.
    lose_answers: int = 0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    seen: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen += 1
        try:
            there, back = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self.connections |= {writer, back}
        try:
            await asyncio.gather(self._copy(reader, back), self._answers(there, writer))
        finally:
            for end in (writer, back):
                end.transport.abort()
                self.connections.discard(end)

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                if self.lose_answers:
                    self.lose_answers -= 1
                    break
                writer.write(piece)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        """Reset all connections."""
        for end in list(self.connections):
            end.transport.abort()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """Put a line in front of a server."""
    host, _, port = url.removeprefix("http://").partition(":")
    line = Line((host, int(port)))
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.cut()
