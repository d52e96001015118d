"""Hot routes, served before FastAPI's own layers.

A request that FastAPI handles passes eight ASGI callables that hot routes have no use for: exit stacks,
exception wrappers, body limits (they read their own bodies up to their own limits, and answer their own
refusals). What fails unexpectedly reaches the outermost layer, which answers 500.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Hot:
    """The routes that are hot now. Their endpoints are plain, and refuse by answering."""

    def __init__(self, routes: Sequence[Route] = ()) -> None:
        self.replace(routes)

    def replace(self, routes: Sequence[Route]) -> None:
        """Have these and no others: when the app starts, and when what they serve begins anew."""
        # A path that has nothing to be filled in is looked up; patterns are tried one after the other.
        self._fixed = {route.path: route for route in routes if not route.param_convertors}
        self._patterns = [route for route in routes if route.param_convertors]

    def find(self, scope: Scope) -> Route | None:
        """Return the route that serves a request, which then knows its parameters; None if none does."""
        fixed = self._fixed.get(scope["path"])
        if fixed is not None and fixed.methods is not None and scope["method"] in fixed.methods:
            scope["endpoint"], scope["path_params"] = fixed.endpoint, {}
            return fixed
        for route in self._patterns:
            match, more = route.matches(scope)
            if match is Match.FULL:
                scope.update(more)
                return route
        return None


class HotRoutes:
    """An ASGI middleware that answers some routes itself."""

    def __init__(self, app: ASGIApp, hot: Hot) -> None:
        self._app = app
        self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or pass it on."""
        if scope["type"] == "http" and (route := self._hot.find(scope)) is not None:
            scope["route"] = route
            response = await route.endpoint(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)
