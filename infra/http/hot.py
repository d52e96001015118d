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
        # Those whose path has nothing to be filled in, by it: no pattern need be tried for them. And the others.
        self._fixed: dict[str, Route] = {}
        self._patterns: Sequence[Route] = ()
        self._seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or pass it on."""
        if scope["type"] == "http" and (route := self._find(scope)) is not None:
            scope["route"] = route
            response = await route.endpoint(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _find(self, scope: Scope) -> Route | None:
        if self._seen != len(self._routes):
            self._fixed = {route.path: route for route in self._routes if not route.param_convertors}
            self._patterns = [route for route in self._routes if route.param_convertors]
            self._seen = len(self._routes)
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
