"""Completes the OpenAPI document from the command types: a new command needs no route code and no prose here."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from commands.messages import ALL_COMMANDS, Command
from infra.http.answer_schemas import ANSWER, BATCH_ANSWER
from infra.http.describing import PROBLEM, operations_paths
from infra.http.sniffing import ALLOWED

_REF = "#/components/schemas/{model}"

ASSET = {
    "type": "object",
    "required": ["asset_id", "sha256", "size", "type"],
    "properties": {
        "asset_id": {"type": "string", "format": "uuid"},
        "sha256": {"type": "string"},
        "size": {"type": "integer", "description": "bytes"},
        "type": {"type": "string"},
    },
}
_REFUSALS = {
    "401": "no valid token",
    "403": "the caller's role does not allow it",
    "404": "no such project, block or command, as far as the caller may know",
    "409": "it has changed since, or the chosen id is taken",
    "413": "the body is over its limit",
    "422": "a field is missing, unknown or wrong",
    "429": "too many requests, or blocked: come back after Retry-After",
    "503": "not now: come back after Retry-After",
}


def _success(command: type[Command]) -> str:
    if command.ACCEPTS:
        return "202"
    return "201" if command.CREATES else "200"


def _responses(status: str, schema: str) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        status: {
            "description": "done",
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=schema)}}},
        },
        **{code: {"description": text, "content": problem} for code, text in _REFUSALS.items()},
    }


def _operation(command: type[Command], schema: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": schema, "example": command.EXAMPLE}
    responses = _responses(_success(command), "Answer")
    # What was there already is not created: the answer's outcome is `unchanged`.
    if command.CREATES:
        responses["200"] = responses[_success(command)]
    return {
        "tags": ["commands"],
        "operationId": command.NAME,
        "summary": command.SUMMARY,
        "description": command.__doc__,
        "security": [{"bearer": []}],
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": responses,
    }


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "a repeat with the same key gets the first answer again and changes nothing",
}


def _batch() -> dict[str, Any]:
    return {
        "tags": ["commands"],
        "operationId": "batch",
        "summary": "Run up to 500 commands, all or none unless `atomic` is false",
        "security": [{"bearer": []}],
        "parameters": [_KEY],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["commands"],
                        "properties": {
                            "commands": {
                                "type": "array",
                                "maxItems": 500,
                                "items": {"type": "object", "required": ["type"]},
                                "description": "each with its name as `type`; the type of an added block is `block_type`",
                            },
                            "atomic": {"type": "boolean", "default": True},
                        },
                    }
                }
            },
        },
        "responses": _responses("200", "BatchAnswer"),
    }


def _upload() -> dict[str, Any]:
    types = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in ALLOWED}
    return {
        "tags": ["assets"],
        "operationId": "upload",
        "summary": "Upload a file of at most 20 MiB; the same bytes are the same asset",
        "description": "The Content-Type has to fit the bytes. HTML and SVG are refused: both can hold scripts.",
        "security": [{"bearer": []}],
        "parameters": [
            {
                "name": "project_id",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
            }
        ],
        "requestBody": {"required": True, "content": types},
        "responses": _responses("201", "Asset"),
    }


def install_openapi(app: FastAPI, *, metrics: bool) -> None:
    """Make `/openapi.json` describe every command, with its example; and metrics where the app answers them."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, metrics=metrics)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI, *, metrics: bool) -> dict[str, Any]:
    api = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas, definitions = models_json_schema(
        [(c, "validation") for c in ALL_COMMANDS], ref_template="#/components/schemas/{model}"
    )
    paths = api.setdefault("paths", {})
    for command in ALL_COMMANDS:
        operation = _operation(command, schemas[command, "validation"])
        paths[f"/api/commands/{command.NAME}"] = {"post": operation}
    paths["/api/commands"] = {"post": _batch()}
    paths["/api/assets"] = {"post": _upload()}
    paths.update(operations_paths(metrics=metrics))
    components = api.setdefault("components", {})
    components.setdefault("schemas", {}).update(
        definitions.get("$defs", {}),
        Answer=ANSWER,
        Problem=PROBLEM,
        Asset=ASSET,
        BatchAnswer=BATCH_ANSWER,
    )
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    return api
