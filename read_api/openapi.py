"""Completes the OpenAPI document with the queries, which are plain routes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from infra.http.describing import operations_paths
from projections.history import event_schemas

_PAGED = ("cursor", "limit")
# One of the two: the state as of a position, or of an instant (RFC 3339).
_PAST = ("at_position", "at")
_FILTERS = ("order", "after", "to", "topic", "actor", "since", "until", "stream")
_NUMBERS = ("limit", "after", "at_position", "from", "to")
# Path: (operation, summary, query parameters).
QUERIES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "/api/projects": ("list-projects", "The caller's projects, the newest first", ("q", "archived", *_PAGED)),
    "/api/projects/{project}": ("get-project", "One project, with the caller's role", _PAST),
    "/api/projects/{project}/blocks": (
        "list-blocks",
        "The blocks in tree order; `whole=true`: all on one page",
        ("type", "whole", *_PAST, *_PAGED),
    ),
    "/api/projects/{project}/blocks/{block}": ("get-block", "One block", _PAST),
    "/api/projects/{project}/blocks/{block}/history": (
        "block-history",
        "What happened to a block; filters and NDJSON as in the project's history",
        (*_FILTERS[:-1], *_PAGED),
    ),
    "/api/projects/{project}/history": (
        "project-history",
        (
            "What happened to a project; NDJSON by `Accept: application/x-ndjson`. `topic`: names of events, by "
            "commas; `stream`: an id, or a kind; `since`, `until`: instants; `after`, `to`: positions"
        ),
        (*_FILTERS, *_PAGED),
    ),
    "/api/projects/{project}/members": ("list-members", "Who is in the project", _PAGED),
    "/api/projects/{project}/conflicts": (
        "list-conflicts",
        "Both sides of what could not be merged, the oldest first; `resolved`: false, true or all",
        ("resolved", *_PAGED),
    ),
    "/api/projects/{project}/suggestions": (
        "list-suggestions",
        "What machines would change, the oldest first; `state`: open, accepted, rejected or all",
        ("state", *_PAGED),
    ),
    "/api/projects/{project}/diff": (
        "diff",
        "What changed between two positions, in the order of reading; `to`: now by default",
        ("from", "to", *_PAGED),
    ),
    "/api/projects/{project}/versions": ("list-versions", "The named versions, the newest first", _PAGED),
    "/api/projects/{project}/comments": (
        "list-comments",
        "The comments, the newest first, each with its latest replies",
        ("resolved", "block_id", *_PAGED),
    ),
    "/api/projects/{project}/comments/{thread}/replies": (
        "list-replies",
        "All replies to a comment, the oldest first",
        _PAGED,
    ),
    "/api/projects/{project}/sessions": ("list-sessions", "Who is there now", _PAGED),
    "/api/projects/{project}/jobs": (
        "list-jobs",
        "The project's jobs, the newest first, by `state` and `kind`",
        ("state", "kind", *_PAGED),
    ),
    "/api/jobs/{job}": ("get-job", "One job", ()),
    "/api/themes": ("list-themes", "The built-in themes and the caller's own", _PAGED),
    "/api/themes/{theme}": ("get-theme", "One theme", ()),
    "/api/quota": ("quota", "What is left of the caller's limits", ()),
    "/api/projects/{project}/events": (
        "events",
        (
            "Server-sent events, resumed by Last-Event-ID. With `speed` what was is played again so many times as "
            "fast, pauses cut to `max_gap` seconds (5), up to position `to` or on into what happens"
        ),
        ("after", "speed", "max_gap", "to"),
    ),
}
# The same of files, which are not read from any model.
FILES: dict[str, tuple[str, str]] = {
    "/api/assets/{asset}": ("get-asset", "A file, to members of its project or by a signed address"),
    "/api/assets/{asset}/url": (
        "asset-url",
        "An address of the file that needs no header, for five minutes and one user",
    ),
}
FILES["/api/jobs/{job}/file"] = ("job-file", "The file that an export made")
# What operators ask for, with a token whose scope is `admin`. Path: (method, operation, summary, status).
OPERATORS: dict[str, tuple[str, str, str, str]] = {
    f"/api/admin/{what}/stats": ("get", f"{what}-stats", summary, "200")
    for what, summary in {
        "cache": "What the caches did, of this process and of all",
        "live": "What live readers did",
        "projections": "How far the relay and the read models are, and a rebuild",
        "queues": "What waits, runs and failed, by queue",
        "rate-limits": "Who was refused, and who is blocked",
    }.items()
} | {
    "/api/admin/projections/{name}/rebuild": (
        "post",
        "rebuild-projection",
        "Rebuild a read model beside the live one",
        "202",
    )
}
# Which of them tell events.
_HISTORIES = ("/api/projects/{project}/history", "/api/projects/{project}/blocks/{block}/history")
_PROBLEMS = {
    "401": "no valid token",
    "404": "no such thing, as far as the caller may know",
    "422": "a parameter is wrong",
    "429": "too many requests: come back after Retry-After",
    "503": "`min_position` was not reached in time, or a server is away",
}


def _operation(path: str, operation: str, summary: str, query: tuple[str, ...]) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    in_path = [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for n in names
    ]
    in_query = [
        {"name": n, "in": "query", "schema": {"type": "integer" if n in _NUMBERS else "string"}}
        for n in query
    ]
    fresh = {"name": "min_position", "in": "query", "schema": {"type": "integer"}}
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    headers = {
        "X-Decklog-Position": {"schema": {"type": "integer"}, "description": "the answer is true as of it"},
        "ETag": {"schema": {"type": "string"}},
    }
    return {
        "tags": ["queries"],
        "operationId": operation,
        "summary": summary,
        "security": [{"bearer": []}],
        "parameters": [*in_path, *in_query, fresh],
        "responses": {
            "200": {"description": "the answer", "headers": headers, "content": {"application/json": {}}},
            **{status: {"description": text, "content": problem} for status, text in _PROBLEMS.items()},
        },
    }


def _operator(path: str, operation: str, summary: str, status: str) -> dict[str, Any]:
    described = _operation(path, operation, summary, ())
    described["tags"] = ["operations"]
    described["parameters"] = [
        {**p, "schema": {"type": "string"}} for p in described["parameters"] if p["in"] == "path"
    ]
    problem = described["responses"].pop("404")
    responses = described["responses"]
    responses.pop("200")
    responses[status] = {"description": "the answer", "content": {"application/json": {}}}
    responses["403"] = {**problem, "description": "the token's scope is not `admin`"}
    if described["parameters"]:
        responses["404"] = {**problem, "description": "no such read model"}
        responses["409"] = {**problem, "description": "one is being rebuilt, or was asked for"}
    return described


def _describe_events(api: dict[str, Any]) -> None:
    """Add the public catalogue of events, which history and live streams tell alike."""
    schemas = api.setdefault("components", {}).setdefault("schemas", {})
    found = event_schemas()
    names = {name: f"event-{name}" for name in found}
    schemas |= {names[name]: schema for name, schema in found.items()}
    schemas["event"] = {
        "oneOf": [{"$ref": f"#/components/schemas/{each}"} for each in names.values()],
        "discriminator": {
            "propertyName": "event",
            "mapping": {name: f"#/components/schemas/{each}" for name, each in names.items()},
        },
    }
    event = {"$ref": "#/components/schemas/event"}
    page = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": event},
            "next_cursor": {"type": ["string", "null"]},
        },
        "required": ["items", "next_cursor"],
    }
    for path in _HISTORIES:
        content = api["paths"][path]["get"]["responses"]["200"]["content"]
        content["application/json"] = {"schema": page}
        content["application/x-ndjson"] = {"schema": event}


def install_openapi(app: FastAPI, *, metrics: bool) -> None:
    """Make `/openapi.json` describe every query; and metrics where the app answers them."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            api = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            paths = api.setdefault("paths", {})
            for path, (operation, summary, query) in QUERIES.items():
                paths[path] = {"get": _operation(path, operation, summary, query)}
            for path, (operation, summary) in FILES.items():
                described = _operation(path, operation, summary, ())
                described["parameters"].pop()
                described["responses"]["200"] = {"description": "the file, or its address"}
                paths[path] = {"get": described}
            for path, (method, operation, summary, status) in OPERATORS.items():
                paths[path] = {method: _operator(path, operation, summary, status)}
            paths.update(operations_paths(metrics=metrics))
            _describe_events(api)
            schemes = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
            api.setdefault("components", {})["securitySchemes"] = schemes
            app.openapi_schema = api
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it
