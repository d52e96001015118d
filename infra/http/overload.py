"""No more at once than a process can do in time: what is over that is told so at once, and costs little."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import Unavailable
from domain.problems import problem
from infra.http.problems import MEDIA_TYPE

RETRY_AFTER: Final = 1
DETAIL: Final = "too much is asked of this process at once"
REFUSAL: Final = orjson.dumps(problem("unavailable", DETAIL))
HEADERS: Final = (
    (b"content-type", MEDIA_TYPE.encode()),
    (b"content-length", str(len(REFUSAL)).encode()),
    (b"retry-after", str(RETRY_AFTER).encode()),
)
# Seconds without a crowd until there may be another burst.
_CALM: Final = 1.0
# Asked by whoever decides whether this process lives, and streams, which last as long as their readers like.
_HEALTH: Final = "/api/health"
_ALWAYS: Final = frozenset({_HEALTH, "/metrics"})
_STREAM: Final = "/events"


@dataclass(slots=True)
class Load:
    """What a process does at once, and how much it may; `refused` is what was turned away.

    Attributes:
        limit: how much at most.
        steady: how much all the time. Up to `limit` there is room for a burst, which is worked off soon, and is over
            when all that is beyond `steady` was used once: a queue that stands makes everybody slow, as long as it does.
        clock: monotonic seconds.
    """

    limit: int
    steady: int = 0
    clock: Callable[[], float] = time.monotonic
    in_flight: int = 0
    most: int = 0
    refused: int = 0
    _crowded: float = field(default=float("-inf"), init=False)
    _burst: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Without a steady limit there is but one."""
        self.steady = min(self.steady or self.limit, self.limit)

    @property
    def full(self) -> bool:
        """Tell whether there is room for no more."""
        there = self.in_flight
        return there >= self.limit or (there >= self.steady and self._burst >= self.limit - self.steady)

    def refuse(self) -> Unavailable:
        """Count a refusal, and return it to be raised."""
        self.refused += 1
        return Unavailable(DETAIL, retry_after=RETRY_AFTER)

    def enter(self) -> None:
        """Take a place, whether there is one or not."""
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        if self.in_flight >= self.steady:
            now = self.clock()
            if now - self._crowded > _CALM:
                self._burst = 0
            self._crowded = now
            if self.in_flight > self.steady:
                self._burst += 1


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
            # It was let in before, and is no second part of a burst.
            self.load.in_flight += 1
        self.complete = not message.get("more_body", False)
        return message


class Bounded:
    """A middleware that answers 503 to requests over a process's limit, before anything is done for them.

    A client that sends its body slowly takes no place meanwhile: however many such there are, others are served.
    """

    def __init__(self, app: ASGIApp, load: Load) -> None:
        self._app = app
        self._load = load

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or turn it away."""
        if scope["type"] != "http" or not is_counted(scope["path"]):
            await self._app(scope, receive, send)
            return
        load = self._load
        if load.full:
            load.refused += 1
            await send({"type": "http.response.start", "status": 503, "headers": list(HEADERS)})
            await send({"type": "http.response.body", "body": REFUSAL})
            return
        load.enter()
        try:
            await self._app(scope, _Body(load, receive).hear, send)
        finally:
            load.in_flight -= 1


def is_counted(path: str) -> bool:
    """Tell whether a request of this path takes a place."""
    return path not in _ALWAYS and not path.endswith(_STREAM) and not path.startswith(_HEALTH)
