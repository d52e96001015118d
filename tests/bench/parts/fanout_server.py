"""A server that sends each text of any socket to all sockets: uvicorn as it comes, or our rooms under it.

Ours has everything that stands between an event and its sockets in the product: frames, ring, turns and limits.
Only where the event comes from differs: here a client sends it, there the hub.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect

from infra.http.close_codes import Close
from projections.live import LiveItem
from read_api.live.connection import LiveSocket
from read_api.live.handshake import Asked
from read_api.live.room import Room
from read_api.live.stats import LiveStats
from read_api.live.upgrading import GATEWAY, UpgradingProtocol

PROJECT = UUID("5cb2a1a6-0000-4000-8000-000000000000")


class Hall:
    """One room for all sockets, in the place of the gateway."""

    def __init__(self) -> None:
        self._room = Room(PROJECT, 0, LiveStats(), capacity=1_000, compress=1_024, members=self._nobody)
        self._position = 0

    async def _nobody(self, _: UUID) -> Collection[str]:
        return ()

    def take(self, transport: asyncio.Transport, asked: Asked, _: Any) -> None:
        transport.write(asked.answer)
        socket = LiveSocket(self, transport, uuid4(), deflate=asked.extension is not None)
        transport.set_protocol(socket)
        self._room.enter(socket)
        self._room.join(socket, self._position)

    def received(self, _: LiveSocket, text: bytes) -> None:
        self._position += 1
        self._room.push(LiveItem(self._position, PROJECT, PROJECT, "block", text))

    def counted(self, size: int) -> None:
        pass

    def resumed(self, socket: LiveSocket) -> None:
        self._room.resumed(socket)

    def closing(self, socket: LiveSocket, _: Close) -> None:
        self._room.leave(socket)

    def gone(self, socket: LiveSocket) -> None:
        self._room.leave(socket)


def create_app() -> FastAPI:
    sockets: dict[WebSocket, None] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {GATEWAY: Hall()}

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/api/projects/{project}/live")
    async def live(socket: WebSocket, project: str) -> None:
        assert project
        await socket.accept()
        sockets[socket] = None
        try:
            while True:
                text = await socket.receive_text()
                for other in list(sockets):
                    await other.send_text(text)
        except WebSocketDisconnect:
            del sockets[socket]

    @app.get("/health")
    async def health() -> Response:
        return Response(b"{}", media_type="application/json")

    return app


def main() -> None:
    ours = sys.argv[1] == "ours"
    uvicorn.run(
        create_app(),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http=UpgradingProtocol if ours else "httptools",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=4_096,
    )


if __name__ == "__main__":
    main()
