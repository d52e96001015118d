"""What can go wrong, as exceptions: one class a problem code, so that callers branch on types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


class DecklogError(Exception):
    """All errors of this library."""


class Unreachable(DecklogError):
    """No answer came, however often it was tried: whether the command was carried out is not known.

    Repeat it under the same key to find out.
    """


class SocketEnded(DecklogError):
    """A socket was closed in a way that a new one would be too: `code` is of the table of close codes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field, and the limit that it passed, if any."""

    field: str
    message: str
    limit: int | None = None


class Problem(DecklogError):
    """A refusal by the service. `document` is all that it said; `retry_after` is in seconds.

    A refusal of an atomic batch has the `index` of the command that was refused.
    """

    code: ClassVar[str] = ""
    # Whether the same request may be answered otherwise a little later.
    passing: ClassVar[bool] = False

    def __init__(self, status: int, document: Mapping[str, Any], retry_after: float = 0.0) -> None:
        super().__init__(str(document.get("detail") or document.get("title") or f"status {status}"))
        self.status = status
        self.document = document
        self.retry_after = retry_after
        self.index: int | None = document.get("index")
        self.errors = tuple(
            FieldProblem(e["field"], e["message"], e.get("limit")) for e in document.get("errors", ())
        )


class ValidationFailed(Problem):
    """A field is missing, unknown or wrong: `errors` name them."""

    code = "validation"


class Unauthenticated(Problem):
    """There is no token, or it is not valid, or it has ended."""

    code = "unauthenticated"


class Forbidden(Problem):
    """The caller's role does not allow it."""

    code = "forbidden"


class NotFound(Problem):
    """It does not exist, or the caller may not know that it does."""

    code = "not-found"


class VersionConflict(Problem):
    """It has changed since `base_version`."""

    code = "version-conflict"

    @property
    def current(self) -> Mapping[str, Any]:
        """The block as it is now."""
        current: Mapping[str, Any] = self.document.get("current", {})
        return current


class AlreadyExists(Problem):
    """The chosen id is taken."""

    code = "already-exists"


class IdempotencyMismatch(Problem):
    """The key was used before for another request."""

    code = "idempotency-mismatch"


class PayloadTooLarge(Problem):
    """The request is over its limit."""

    code = "payload-too-large"


class RateLimited(Problem):
    """Too many requests; `retry_after` says when there is room again."""

    code = "rate-limited"
    passing = True


class Unavailable(Problem):
    """The service cannot do it now."""

    code = "unavailable"
    passing = True


class Internal(Problem):
    """Something went wrong in the service."""

    code = "internal"


_BY_CODE: dict[str, type[Problem]] = {
    known.code: known
    for known in (
        ValidationFailed,
        Unauthenticated,
        Forbidden,
        NotFound,
        VersionConflict,
        AlreadyExists,
        IdempotencyMismatch,
        PayloadTooLarge,
        RateLimited,
        Unavailable,
        Internal,
    )
}
# What stands between a client and the service answers without a code.
_BY_STATUS = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 413: PayloadTooLarge, 429: RateLimited}
_GATEWAY = range(502, 505)


def problem_of(status: int, document: Any, retry_after: float = 0.0) -> Problem:
    """Return a refusal as an exception of its class; of an unknown code, as a plain `Problem`."""
    told: Mapping[str, Any] = document if isinstance(document, dict) else {}
    known = _BY_CODE.get(str(told.get("code"))) or _BY_STATUS.get(status)
    if known is None and status in _GATEWAY:
        known = Unavailable
    return (known or Problem)(status, told, retry_after)
