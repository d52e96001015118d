"""Pydantic's findings in the words of the public contract: field, reason, limit."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from domain.errors import FieldProblem, Invalid

_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
# Error type: (message, name of the limit in pydantic's context).
_LIMITS = {
    "string_too_long": ("must have at most {:,} characters", "max_length"),
    "string_too_short": ("must have at least {:,} characters", "min_length"),
    "too_long": ("must have at most {:,} items", "max_length"),
    "too_short": ("must have at least {:,} items", "min_length"),
    "greater_than_equal": ("must be at least {:,}", "ge"),
    "less_than_equal": ("must be at most {:,}", "le"),
}
SHOWN = 20


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    kind, context = error["type"], error.get("ctx") or {}
    field = ".".join(str(part) for part in error["loc"]) or "body"
    if kind == "json_invalid":
        return FieldProblem("body", f"is not valid JSON: {context.get('error', '')}")
    if kind in _LIMITS:
        text, name = _LIMITS[kind]
        limit = context[name]
        return FieldProblem(field, text.format(limit), limit)
    if kind == "literal_error":
        return FieldProblem(field, f"must be one of {context['expected']}")
    if kind == "value_error":
        return FieldProblem(field, str(context["error"]))
    return FieldProblem(field, _MESSAGES.get(kind, error["msg"]))


def invalid(error: ValidationError) -> Invalid:
    """Tell what pydantic found as a refusal that names the fields."""
    found = error.errors(include_url=False, include_input=False)
    return Invalid([_field_problem(e) for e in found[:SHOWN]])
