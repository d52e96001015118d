"""What is wrong with a content, in words for the developer of a client."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_MOST_ERRORS: Final = 50
"""Errors listed at most: a body with a thousand wrong cells need not be answered with each."""
_LONGEST_NAME: Final = 100
"""Characters kept of a field name that the client chose."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field.

    Attributes:
        field: Dotted path from the command's body, such as `content.items.3.text`.
        message: What is asked for, to be read after the field's name.
        limit: The limit that was passed, where it is one.
    """

    field: str
    message: str
    limit: int | None = None


class ContentInvalid(ValueError):
    """A content that no block of its type may have."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        """Take at least one error; the message lists them all."""
        self.errors: list[FieldError] = list(errors)
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in self.errors))


def translated(error: ValidationError, prefix: str, known_fields: Iterable[str]) -> list[FieldError]:
    """Say in our words what pydantic found.

    Args:
        error: What validation raised.
        prefix: What the client calls the content: `content` or `changes`.
        known_fields: The fields of the block type, named where an unknown one came.

    Returns:
        One error a finding, at most 50 of them, in the order of the fields.
    """
    details = error.errors(include_url=False, include_input=False)
    return [_translated(detail, prefix, known_fields) for detail in details[:_MOST_ERRORS]]


def _translated(detail: ErrorDetails, prefix: str, known_fields: Iterable[str]) -> FieldError:
    context = detail.get("ctx", {})
    parts = [prefix, *(_name(part) for part in detail["loc"])]
    if "at" in context:
        parts.append(str(context["at"]))
    field = ".".join(parts)
    kind = detail["type"]
    if kind == "refused":
        return FieldError(field, str(context["why"]), context.get("limit"))
    if kind in _LIMITED:
        name, words = _LIMITED[kind]
        limit = int(context[name])
        return FieldError(field, words.format(limit=limit, s="" if limit == 1 else "s"), limit)
    return FieldError(field, _unlimited(detail, known_fields))


def _unlimited(detail: ErrorDetails, known_fields: Iterable[str]) -> str:
    kind, in_content = detail["type"], len(detail["loc"]) == 1
    if kind == "extra_forbidden" and in_content:
        known = ", ".join(known_fields)
        return (
            f"is not a known field; known are: {known}" if known else "is not a known field; there are none"
        )
    if kind == "literal_error":
        return f"must be {detail['ctx']['expected']}"
    if kind == "string_unicode" and not detail["loc"]:
        return "has a field name that is not valid Unicode"
    return _PLAIN.get(kind, "is not valid here")


def _name(part: object) -> str:
    """Show one step of a path; a name that the client made up may hold anything."""
    text = str(part)[:_LONGEST_NAME]
    return text if text.isprintable() else ascii(text)[1:-1]


_LIMITED: Final = {
    "string_too_long": ("max_length", "must have at most {limit:,} character{s}"),
    "string_too_short": ("min_length", "must have at least {limit:,} character{s}"),
    "too_long": ("max_length", "must have at most {limit:,} entries"),
    "greater_than_equal": ("ge", "must be at least {limit:,}"),
    "less_than_equal": ("le", "must be at most {limit:,}"),
}
"""By pydantic's type: where the limit is in its context, and how it is told."""

_PLAIN: Final = {
    "extra_forbidden": "is not a known field",
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode, without lone surrogates",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "invalid_key": "field names must be strings",
}
