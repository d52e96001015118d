"""How refusals are told: problem details (RFC 9457) with a stable `code`, over HTTP and sockets alike."""

from typing import Any

from domain.errors import DomainError, Invalid

STATUS = {
    "validation": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "version-conflict": 409,
    "already-exists": 409,
    "idempotency-mismatch": 422,
    "payload-too-large": 413,
    "rate-limited": 429,
    "unavailable": 503,
    "internal": 500,
}

TITLES = {
    "validation": "The request is not valid",
    "unauthenticated": "A valid token is needed",
    "forbidden": "Your role does not allow this",
    "not-found": "There is no such thing",
    "version-conflict": "It has changed since",
    "already-exists": "This id is taken",
    "idempotency-mismatch": "The key was used for another request",
    "payload-too-large": "The request is too large",
    "rate-limited": "Too many requests",
    "unavailable": "Not available now",
    "internal": "Something went wrong here",
}


def problem(code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """Describe a refusal by its code; `extra` are further members of the document."""
    return {
        "type": f"urn:decklog:problem:{code}",
        "title": TITLES[code],
        "status": STATUS[code],
        "code": code,
        "detail": detail,
        **extra,
    }


def problem_of(error: DomainError) -> dict[str, Any]:
    """Describe a refusal raised by the domain."""
    extra = dict(error.extra)
    if isinstance(error, Invalid):
        extra["errors"] = [e.as_json() for e in error.errors]
    return problem(error.code, error.detail, **extra)
