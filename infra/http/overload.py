"""No more at once than a process can do in time: what is over that is told so at once, and costs little."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import Unavailable
from domain.problems import problem
from infra.http.problems import MEDIA_TYPE

RETRY_AFTER: Final = 1
DETAIL: Final = "too much is asked of this process at once"
# Asked by whoever decides whether this process lives, and streams, which last as long as their readers like.
_HEALTH: Final = "/api/health"
_ALWAYS: Final = frozenset({_HEALTH, "/metrics"})
_STREAM: Final = "/events"


@dataclass(slots=True)
class Load:
    """What a process does at once, and how much it may; `refused` is what was turned away."""

    limit: int
    in_flight: int = 0
    most: int = 0
    refused: int = 0

    @property
    def full(self) -> bool:
        """Tell whether there is room for no more."""
        return self.in_flight >= self.limit

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Take a place for as long as something is done.

        Raises:
            Unavailable: there is none.
        """
        if self.full:
            self.refused += 1
            raise Unavailable(DETAIL, retry_after=RETRY_AFTER)
        self.enter()
        try:
            yield
        finally:
            self.in_flight -= 1

    def enter(self) -> None:
        """Take a place, whether there is one or not."""
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)


@dataclass(slots=True)
class _Body:
    """A request whose body may still be on its way: while we wait for it, its place is another's."""

    load: Load
    receive: Receive
    complete: bool = field(default=False)

    async def hear(self) -> Message:
        if self.complete:
            return await self.receive()
        self.load.in_flight -= 1
        try:
            message = await self.receive()
        finally:
            self.load.enter()
        self.complete = not message.get("more_body", False)
        return message


class Bounded:
    """A middleware that answers 503 to requests over a process's limit, before anything is done for them.

    A client that sends its body slowly takes no place meanwhile: however many such there are, others are served.
    """

    def __init__(self, app: ASGIApp, load: Load) -> None:
        self._app = app
        self._load = load
        body = orjson.dumps(problem("unavailable", DETAIL))
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"retry-after", str(RETRY_AFTER).encode()),
        ]
        self._start: Message = {"type": "http.response.start", "status": 503, "headers": headers}
        self._body: Message = {"type": "http.response.body", "body": body}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or turn it away."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS or _is_open_ended(scope["path"]):
            await self._app(scope, receive, send)
            return
        load = self._load
        if load.full:
            load.refused += 1
            await send({**self._start, "headers": list(self._start["headers"])})
            await send(self._body)
            return
        load.enter()
        try:
            await self._app(scope, _Body(load, receive).hear, send)
        finally:
            load.in_flight -= 1


def _is_open_ended(path: str) -> bool:
    return path.endswith(_STREAM) or path.startswith(_HEALTH)
