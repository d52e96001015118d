"""The header fields of a request, read in one go: a hot route asks for several, and most are not there."""

from collections.abc import Mapping

from starlette.types import Scope

Fields = Mapping[bytes, bytes]


def fields_of(scope: Scope) -> Fields:
    """Return the fields by their names in lower case; of several of one name the first, as Starlette does."""
    return dict(reversed(scope["headers"]))


def text_of(fields: Fields, name: bytes) -> str | None:
    """Return a field's value as text; None if there is none."""
    value = fields.get(name)
    return None if value is None else value.decode("latin-1")
