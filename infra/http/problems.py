"""Refusals as `application/problem+json` responses, for both APIs."""

import math
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import DomainError, FieldProblem, Invalid, Unavailable
from domain.problems import problem, problem_of
from infra.limits.answers import RateLimited

MEDIA_TYPE = "application/problem+json"
_BY_STATUS = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    413: "payload-too-large",
    422: "validation",
}


class PayloadTooLarge(DomainError):
    """The body is over its limit; the rest of it is not read."""

    code = "payload-too-large"


def problem_response(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """Send a problem document under its own status."""
    return Response(orjson.dumps(document), document["status"], headers, MEDIA_TYPE)


def broken_response() -> Response:
    """Say that something went wrong here, and no more."""
    return problem_response(problem("internal", "it was logged; try again later"))


def refusal(error: DomainError, **extra: Any) -> Response:
    """Send a refusal, with the headers that belong to it."""
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, RateLimited):
        headers |= error.headers
    if error.code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response({**problem_of(error), **extra}, headers)


def install_problems(app: FastAPI) -> None:
    """Make an app answer every error as a problem."""

    async def domain_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)  # noqa: S101 - registered for this type below
        return refusal(error)

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type below
        if error.status_code == 405:  # noqa: PLR2004 - Method Not Allowed
            document = problem("not-found", f"{request.method} is not a method of this address")
            return problem_response({**document, "status": 405}, dict(error.headers or {}))
        code = _BY_STATUS.get(error.status_code, "not-found")
        return problem_response({**problem(code, str(error.detail)), "status": error.status_code})

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type below
        found = [
            FieldProblem(".".join(str(p) for p in e["loc"][1:]) or str(e["loc"][0]), e["msg"])
            for e in error.errors()
        ]
        return refusal(Invalid(found))

    async def broken(_: Request, __: Exception) -> Response:
        # It goes on to `Observed`, which logs it.
        return broken_response()

    app.add_exception_handler(DomainError, domain_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, broken)
