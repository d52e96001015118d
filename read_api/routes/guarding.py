"""Refusals of plain routes as problems, without the cost of a middleware."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from infra.http.errors import DomainError
from infra.http.problems import refusal

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Answer what an endpoint refuses."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except DomainError as error:
            return refusal(error)

    return answer
