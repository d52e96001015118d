"""Counts requests and sockets, whatever serves them, gives each a trace id and its answer the safe headers.

Pure ASGI, and the outermost layer: it is on the way of every edit.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.problems import broken_response
from infra.telemetry.measures import Histogram
from infra.telemetry.tracing import begin

logger = logging.getLogger(__name__)

RATE_LIMITED: Final = 429
_BROKEN: Final = 500
# What no route serves: one label for all, or clients could make any number.
NOWHERE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_EVENT_STREAM: Final = b"text/event-stream"
_CONTENT_TYPE: Final = b"content-type"
_NO_STATUS: Final = 1005
COMMANDS: Final = "/api/commands"


@dataclass(slots=True)
class Traffic:
    """What came in and how it was answered. Times are in seconds."""

    requests: Counter[tuple[str, ...]] = field(default_factory=Counter)
    seconds: dict[tuple[str, ...], Histogram] = field(default_factory=dict)
    limited: Counter[tuple[str, ...]] = field(default_factory=Counter)
    connections: Counter[tuple[str, ...]] = field(default_factory=Counter)
    ends: Counter[tuple[str, ...]] = field(default_factory=Counter)
    in_flight: int = 0

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests[route, method if method in _METHODS else "other", str(status)] += 1
        histogram = self.seconds.get((route,))
        if histogram is None:
            histogram = self.seconds[route,] = Histogram()
        histogram.observe(seconds)
        if status == RATE_LIMITED:
            self.limited[route,] += 1

    def whole(self) -> Histogram:
        """Return the times of all routes together."""
        every = Histogram()
        for histogram in self.seconds.values():
            every.add(histogram)
        return every


class Observed:
    """The middleware.

    Args:
        headers: added to every answer that does not have them already.
    """

    def __init__(self, app: ASGIApp, traffic: Traffic, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._app = app
        self._traffic = traffic
        self._headers = tuple(headers)
        self._names = frozenset(name for name, _ in self._headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and count."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        traffic = self._traffic
        begun = time.perf_counter()
        trace = begin(_header(scope, b"traceparent"))
        status, streaming, started, complete = _BROKEN, False, False, False

        async def answer(message: Message) -> None:
            nonlocal status, streaming, started, complete
            complete = started and not message.get("more_body", False)
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                headers = message.setdefault("headers", [])
                streaming = self._complete(headers)
                if status >= _BROKEN:
                    headers.append((b"x-trace-id", trace.encode()))
                if streaming:
                    traffic.connections["events",] += 1
            await send(message)

        traffic.in_flight += 1
        try:
            await self._app(scope, receive, answer)
        except Exception:
            # Here and not further out, so that the answer is counted, and has the headers of all others.
            logger.exception("%s %s failed", scope["method"], label_of(scope))
            if complete:
                # By the framework, by way of `install_problems`, which passes on what it has answered.
                return
            if started:
                raise
            await broken_response()(scope, receive, answer)
        finally:
            traffic.in_flight -= 1
            if streaming:
                traffic.connections["events",] -= 1
            # A stream is open for as long as its reader likes: that is not how long an answer took.
            seconds = 0.0 if streaming else time.perf_counter() - begun
            traffic.answered(label_of(scope), scope["method"], status, seconds)

    def _complete(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Add the headers that an answer lacks; tell whether it is an event stream."""
        own = streaming = False
        for name, value in headers:
            if name == _CONTENT_TYPE:
                streaming = value.startswith(_EVENT_STREAM)
            elif name in self._names:
                own = True
        if own:
            # A page or a file says some of it itself.
            known = {name for name, _ in headers}
            headers.extend(header for header in self._headers if header[0] not in known)
        else:
            headers.extend(self._headers)
        return streaming

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a command socket. Live sockets are the gateway's, which counts them itself."""
        begin(_header(scope, b"traceparent"))
        if not scope["path"].startswith(COMMANDS):
            await self._app(scope, receive, send)
            return
        traffic = self._traffic
        accepted = False
        code: int | None = None

        async def answer(message: Message) -> None:
            nonlocal accepted, code
            if message["type"] == "websocket.accept":
                accepted = True
                traffic.connections["commands",] += 1
            elif message["type"] == "websocket.close" and code is None:
                code = message.get("code", 1000)
            await send(message)

        async def hear() -> Message:
            nonlocal code
            message = await receive()
            if message["type"] == "websocket.disconnect" and code is None:
                code = message.get("code")
            return message

        try:
            await self._app(scope, hear, answer)
        finally:
            if accepted:
                traffic.connections["commands",] -= 1
            traffic.ends["commands", str(code or _NO_STATUS)] += 1


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return None


def label_of(scope: Scope) -> str:
    """Return the route that served a request, with its parameters' names in the place of their values."""
    route: Any = scope.get("route")
    if route is None and (endpoint := scope.get("endpoint")) is not None:
        # FastAPI's router does not say which route of a plain kind it chose. Hot routes do not come here.
        routes: Iterable[Any] = scope["app"].router.routes
        known = (
            r
            for r in routes
            if getattr(r, "endpoint", None) == endpoint or getattr(r, "app", None) == endpoint
        )
        route = next(known, None)
    path: str | None = getattr(route, "path", None)
    return NOWHERE if path is None else path or "/"
