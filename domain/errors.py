"""Refusals, each with a code that is stable for ever.

A refusal is part of the contract: clients branch on its code, people read its detail. Which HTTP status a
code has is decided at the edge (`infra.http.problems`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: its path (`content.items.3.text`), the reason, and the limit passed."""

    field: str
    message: str
    limit: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Render as an entry of a problem's `errors`."""
        entry: dict[str, Any] = {"field": self.field, "message": self.message}
        if self.limit is not None:
            entry["limit"] = self.limit
        return entry


class DomainError(Exception):
    """A refusal. `extra` holds what a client needs to go on, such as the current block after a conflict."""

    code: ClassVar[str]

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra


class Invalid(DomainError):
    """The command can never succeed as it stands; `errors` name the fields."""

    code = "validation"

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))
        self.errors = tuple(errors)

    @classmethod
    def at(cls, field: str, message: str, limit: int | None = None) -> "Invalid":
        """Build the refusal of a single field."""
        return cls([FieldProblem(field, message, limit)])


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""

    code = "not-found"


class Forbidden(DomainError):
    """The caller may see it but may not do this to it."""

    code = "forbidden"


class VersionConflict(DomainError):
    """The base that the caller worked on is no longer the current version."""

    code = "version-conflict"


class AlreadyExists(DomainError):
    """The id that the client chose is taken. By what is not said: it may be another tenant's."""

    code = "already-exists"


class IdempotencyMismatch(DomainError):
    """The idempotency key was used before for another request."""

    code = "idempotency-mismatch"


class Unavailable(DomainError):
    """Nothing is wrong with the request; the service cannot take it now. `retry_after` is in seconds."""

    code = "unavailable"

    def __init__(self, detail: str, retry_after: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
