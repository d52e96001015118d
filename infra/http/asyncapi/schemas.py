"""What messages are described by: small JSON Schemas, put together."""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
ID: Final[Schema] = {"type": "string", "format": "uuid"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
POSITION: Final[Schema] = {"type": "integer", "minimum": 0, "description": "a place in the log"}
INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
ANYTHING: Final[Schema] = {}


def or_null(schema: Schema) -> Schema:
    """Return a schema that null fits too."""
    return {**schema, "type": [schema["type"], "null"]}


def listed(items: Schema, **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **more}


def said(kind: str, about: str, optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """Return the schema of a message whose `type` is `kind`; more properties may come, and are passed over."""
    return {
        "type": "object",
        "description": about,
        "required": ["type", *(name for name in properties if name not in optional)],
        "properties": {"type": {"const": kind}, **properties},
    }


def thing(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """Return the schema of an object."""
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }
