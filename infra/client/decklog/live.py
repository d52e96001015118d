"""Following a project: every event once and in order, from any position on, through any loss of the connection."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from decklog.connecting import may_return, opened
from decklog.errors import Unreachable
from decklog.messages import Event, Message, Note, Reset
from decklog.retrying import Patience
from decklog.tokens import Tokens


class Subscription:
    """One project's live events. Iterate over it, in one place only.

    `position` is that of the last event given out, or where it began; None until it is known.
    """

    def __init__(
        self,
        read_url: str,
        project_id: str,
        tokens: Tokens,
        patience: Patience,
        *,
        after: int | None,
        trust_env: bool,
    ) -> None:
        self.project_id = project_id
        self.position = after
        # How often a new connection was needed.
        self.reconnects = 0
        self._url = f"{read_url}/api/projects/{project_id}/live"
        self._tokens = tokens
        self._patience = patience
        self._trust_env = trust_env
        self._socket: ClientConnection | None = None
        self._epoch: str | None = None
        self._pause = 0.0
        self._failures = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leave."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Yield what happens, for ever.

        Raises:
            SocketEnded: access was taken away, there is no such project, or the token has ended.
        """
        while True:
            token = await self._tokens.current()
            try:
                async for message in self._connection(token):
                    yield message
            except ConnectionClosed as closed:
                await may_return(closed, self._tokens, token)
            except Unreachable:
                pass
            finally:
                await self.aclose()
            self._failures += 1
            self.reconnects += 1
            await asyncio.sleep(self._patience.pause(self._failures, self._pause))
            self._pause = 0.0

    async def say(self, kind: str, **fields: Any) -> bool:
        """Tell where one is: `cursor` or `selection`. Lost, with False, where there is no connection now."""
        if self._socket is None:
            return False
        try:
            await self._socket.send(orjson.dumps({"type": kind, **fields}).decode())
        except ConnectionClosed:
            return False
        return True

    async def _connection(self, token: str) -> AsyncIterator[Message]:
        url = self._url if self.position is None else f"{self._url}?after={self.position}"
        self._socket = await opened(url, token, timeout=self._patience.timeout, trust_env=self._trust_env)
        socket = self._socket
        while True:
            told: dict[str, Any] = orjson.loads(await socket.recv())
            for message in self._read(told):
                yield message

    def _read(self, told: dict[str, Any]) -> list[Message]:
        """Return what a message means to the reader."""
        match told.pop("type", None):
            case "event":
                event = Event.of(told)
                if self.position is not None and event.position <= self.position:
                    return []
                self.position = event.position
                return [event]
            case "welcome":
                return self._welcome(told)
            case "reset":
                return self._reset(None)
            case "bye":
                self._pause = told.get("retry_after_ms", 0) / 1000
                return []
            case "pong":
                return []
            case kind:
                return [Note(str(kind), told)]

    def _welcome(self, told: Mapping[str, Any]) -> list[Message]:
        self._failures = 0
        before, self._epoch = self._epoch, told.get("epoch")
        if before is not None and before != self._epoch:
            # The log was restored while nobody was connected: what this socket begins after means nothing.
            reset = self._reset(self._epoch)
            assert self._socket is not None  # noqa: S101 - this was said on it
            self._socket.transport.abort()
            return reset
        if self.position is None:
            self.position = told["after"]
        return []

    def _reset(self, epoch: str | None) -> list[Message]:
        self._epoch, self.position = epoch, 0
        return [Reset(epoch)]
