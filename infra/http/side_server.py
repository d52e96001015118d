"""A small server beside what a process does: metrics and health on a port that the public does not reach."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute


class _Server(uvicorn.Server):
    """Leaves the signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class SideServer:
    """Serves a few routes in this process's event loop.

    Args:
        port: 0 for any; `port` says which it is once it runs.
    """

    def __init__(self, routes: Sequence[BaseRoute], host: str, port: int) -> None:
        self._app = Starlette(routes=list(routes))
        self._address = (host, port)
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = port

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port cannot be had.
        """
        listening = socket.create_server(self._address, reuse_port=False)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
            limit_concurrency=64,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Answer what is under way, then stop."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)
