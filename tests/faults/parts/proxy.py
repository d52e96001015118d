"""A bad line to PostgreSQL: it forwards, and on demand it cuts connections at the worst moment, or stalls.

The moments of a cut, each on the next request of a connection:
`now` whatever it does; `before` nothing of the request is sent on; `half` a part of it is; `sent` all of it
is, and nobody waits for the answer; `answered` the server has answered, so it has committed, and the answer
is thrown away; `hung` all but the last message, Sync, is sent on: the server has executed and waits for the
word to commit, with the log's head locked, until it ends the connection itself.

`away` resets all connections and takes none for some seconds: to its clients the server is not there.
"""

import asyncio
import json
import socket
import struct
import sys
from collections import Counter
from typing import Any

from tests.faults.chance import chance
from tests.faults.parts.talking import Orders, say

SYNC = b"S\x00\x00\x00\x04"
SIZE = 1 << 18
TELL_EVERY = 0.5
RESET = struct.pack("ii", 1, 0)


class Line:
    """One forwarded connection."""

    def __init__(self, proxy: "Proxy", near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._near = near
        self._far = far
        self._discards = False
        self.cut: str | None = None

    def end(self) -> None:
        """Reset both sides: neither hears a goodbye."""
        for side in (self._near, self._far):
            if not side.is_closing():
                side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                side.transport.abort()

    def done(self, how: str) -> None:
        """Count a cut, and make it."""
        self._proxy.cuts[how] += 1
        self.end()

    async def up(self, source: asyncio.StreamReader) -> None:
        while data := await source.read(SIZE):
            await self._proxy.flows.wait()
            complete = data.endswith(SYNC)
            if self.cut == "before":
                return self.done("before")
            if self.cut == "half":
                self._far.write(data[: len(data) // 2])
                await self._far.drain()
                return self.done("half")
            if self.cut == "hung" and complete:
                self._far.write(data[: -len(SYNC)])
                await self._far.drain()
                self._proxy.cuts["hung"] += 1
                # The server ends it, and `down` hears of that.
                return None
            if self.cut == "answered" and complete:
                self._discards = True
            self._far.write(data)
            await self._far.drain()
            if self.cut == "sent" and complete:
                return self.done("sent")
        return self.end()

    async def down(self, source: asyncio.StreamReader) -> None:
        while data := await source.read(SIZE):
            await self._proxy.flows.wait()
            if self._discards:
                return self.done("answered")
            self._near.write(data)
            await self._near.drain()
        return self.end()


class Proxy:
    """All forwarded connections."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._lines: set[Line] = set()
        self._picked = chance(seed)
        self._stalls = 0
        self._away = 0
        self.flows = asyncio.Event()
        self.flows.set()
        self.cuts: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._away:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port, limit=SIZE)
        except OSError:
            writer.transport.abort()
            return
        line = Line(self, writer, far_writer)
        self._lines.add(line)
        try:
            await asyncio.gather(line.up(reader), line.down(far_reader))
        except OSError:
            line.end()
        finally:
            self._lines.discard(line)

    def obey(self, order: dict[str, Any]) -> None:
        """Cut a share of the connections, or stall or refuse all of them for some seconds."""
        loop = asyncio.get_running_loop()
        match order["do"]:
            case "stall":
                self._stalls += 1
                self.flows.clear()
                loop.call_later(order["seconds"], self._resume)
            case "away":
                self._away += 1
                self._cut("now", 1.0)
                loop.call_later(order["seconds"], self._return)
            case _:
                self._cut(order["how"], order["share"])

    def _cut(self, how: str, share: float) -> None:
        for line in [*self._lines]:
            if self._picked.random() < share:
                line.cut = how
                if how == "now":
                    line.done(how)

    def _return(self) -> None:
        self._away -= 1

    def _resume(self) -> None:
        self._stalls -= 1
        if not self._stalls:
            self.flows.set()


async def _run(config: dict[str, Any]) -> None:
    proxy = Proxy(config["port"], config["seed"])
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=SIZE)
    orders = await Orders.open()
    say({"port": server.sockets[0].getsockname()[1]})
    order, obeyed = asyncio.create_task(orders.next()), 0
    while True:
        await asyncio.wait([order], timeout=TELL_EVERY)
        if order.done():
            proxy.obey(order.result())
            obeyed += 1
            order = asyncio.create_task(orders.next())
        say({"cuts": dict(proxy.cuts), "obeyed": obeyed})


def main() -> None:
    asyncio.run(_run(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
