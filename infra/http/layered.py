"""An app whose own layers stand before the framework's.

FastAPI puts what an app adds behind three layers of its own (server errors, telemetry, body limits), of which hot
routes have no use: `Observed` answers unexpected errors, and each route reads its body up to its own limit.
"""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

Layer = Callable[[ASGIApp], ASGIApp]


class Layered(FastAPI):
    """FastAPI within layers.

    Args:
        layers: the outermost first; each is called with what it is around, when the app is asked first.
        told: FastAPI's arguments.
    """

    def __init__(self, layers: Sequence[Layer], **told: Any) -> None:
        super().__init__(
            docs_url=None,
            redoc_url=None,
            # The product tells its own metrics and traces: FastAPI's would look for theirs at each request.
            telemetry={"tracing": False, "metrics": False, "logs": False},
            **told,
        )
        self._layers = layers

    def build_middleware_stack(self) -> ASGIApp:
        """Return all that a request passes."""
        app = super().build_middleware_stack()
        for layer in reversed(self._layers):
            app = layer(app)
        return app
