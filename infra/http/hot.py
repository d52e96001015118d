"""Hot routes, served before FastAPI's own layers.

A request that FastAPI handles passes eight ASGI callables that hot routes have no use for: exit stacks,
exception wrappers, body limits (they read their own bodies up to their own limits, and answer their own
refusals). What fails unexpectedly reaches the outermost layer, which answers 500.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class HotRoutes:
    """An ASGI middleware that answers some routes itself.

    Args:
        routes: plain routes, whose endpoints refuse by answering; the list may be filled when the app starts.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or pass it on."""
        if scope["type"] == "http":
            for route in self._routes:
                match, more = route.matches(scope)
                if match is Match.FULL:
                    scope.update(more)
                    scope["route"] = route
                    response = await route.endpoint(Request(scope, receive))
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)
