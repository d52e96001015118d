"""What both APIs' OpenAPI documents say alike: the operators' addresses, and problems."""

from typing import Any, Final

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["code", "status", "title", "detail"],
    "properties": {
        "type": {"type": "string"},
        "code": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "index": {"type": "integer", "description": "in a batch: the command that was refused"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "limit": {"type": "integer"},
                },
            },
        },
    },
}
"""The schema of `application/problem+json` answers."""

_HEALTH: Final = {
    "type": "object",
    "required": ["status", "role"],
    "properties": {
        "status": {"enum": ["ok", "unavailable", "draining"]},
        "role": {"enum": ["write", "read", "workers"]},
    },
}
# Path: (operation, summary, whether it may be unfit).
_HEALTH_PATHS: Final = {
    "/api/health": ("health", "How this process does, with its metrics; needs no token", True),
    "/api/health/live": ("live", "Is this process alive", False),
    "/api/health/ready": ("ready", "May requests be sent to this process", True),
}


def operations_paths(*, metrics: bool) -> dict[str, Any]:
    """Describe health and metrics."""
    json = {"application/json": {"schema": _HEALTH}}
    found: dict[str, Any] = {}
    for path, (operation, summary, unfit) in _HEALTH_PATHS.items():
        responses = {"200": {"description": "it is", "content": json}}
        if unfit:
            responses["503"] = {"description": "it is not, or not now", "content": json}
        found[path] = {
            "get": {
                "tags": ["operations"],
                "operationId": operation,
                "summary": summary,
                "security": [],
                "responses": responses,
            }
        }
    if metrics:
        found["/metrics"] = {
            "get": {
                "tags": ["operations"],
                "operationId": "metrics",
                "summary": "Everything that this process counts, for Prometheus",
                "security": [],
                "responses": {
                    "200": {
                        "description": "the metrics",
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    }
                },
            }
        }
    return found
