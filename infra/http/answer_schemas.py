"""What commands are answered, over HTTP and on sockets, as JSON Schemas."""

from typing import Any, Final

ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["position", "project_id", "streams", "outcome", "conflicts", "result"],
    "properties": {
        "position": {"type": "integer", "description": "pass it as `min_position` to read your own write"},
        "project_id": {"type": "string", "format": "uuid"},
        "streams": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "kind": {"type": "string"},
                    "version": {"type": "integer"},
                },
            },
        },
        "outcome": {"enum": ["applied", "merged", "overwritten", "unchanged"]},
        "conflicts": {"type": "array", "items": {"type": "object"}},
        "result": {"type": "object"},
    },
}
BATCH_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["position", "results"],
    "properties": {
        "position": {"type": "integer"},
        "results": {"type": "array", "items": {"type": "object"}},
    },
}
