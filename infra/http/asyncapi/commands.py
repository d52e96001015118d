"""The messages of a command socket, made from the command types."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from commands.messages import ALL_COMMANDS, Command
from infra.http.answer_schemas import ANSWER, BATCH_ANSWER
from infra.http.asyncapi.schemas import TEXT, Schema, listed, said, thing
from infra.http.describing import PROBLEM

_ID: Final[Schema] = {
    "description": "the idempotency key, and the `id` of the answer; without one it is null there",
    "anyOf": [{"type": "string", "minLength": 1, "maxLength": 255}, {"type": "integer"}],
}
_REPLAYED: Final[Schema] = {"const": True, "description": "it had been carried out before"}
_ECHO: Final[Schema] = {"type": ["string", "integer", "null"]}


def client_messages() -> tuple[Mapping[str, Schema], Mapping[str, Any]]:
    """Return what a client may say, by name, and the definitions that it refers to."""
    schemas, definitions = models_json_schema(
        [(command, "validation") for command in ALL_COMMANDS], ref_template="#/components/schemas/{model}"
    )
    defined = definitions.get("$defs", {})
    messages: dict[str, Schema] = {}
    for command in ALL_COMMANDS:
        reference = schemas[command, "validation"]
        own = defined.pop(reference["$ref"].rpartition("/")[2]) if "$ref" in reference else reference
        messages[command.NAME] = _message(command, own)
    messages["batch"] = {
        "type": "object",
        "description": "Commands that are carried out together, or each on its own.",
        "required": ["commands"],
        "properties": {
            "id": _ID,
            "commands": listed(thing(type=TEXT), minItems=1, maxItems=500),
            "atomic": {"type": "boolean", "default": True},
        },
        "additionalProperties": False,
    }
    messages["auth"] = said("auth", "A new token of the same user, before the old one ends.", token=TEXT)
    messages["ping"] = said("ping", "Answered by `pong`.")
    return messages, defined


def server_messages() -> Mapping[str, Schema]:
    """Return what the server says, by name."""
    return {
        "answer": _told("A command was carried out.", ANSWER),
        "batch-answer": _told("A batch was carried out.", BATCH_ANSWER),
        "refusal": {
            **PROBLEM,
            "description": "A command was refused. `retry_after`, in seconds: it may be asked again then.",
            "required": ["id", "status", "code", "title"],
            "properties": {
                **PROBLEM["properties"],
                "id": _ECHO,
                "status": {"type": "integer", "minimum": 400},
                "retry_after": {"type": "integer", "minimum": 0},
                "replayed": _REPLAYED,
            },
        },
        "pong": said("pong", "The answer to a `ping`."),
        "bye": said(
            "bye",
            "The server is about to close this socket; all that it took is answered.",
            reason=TEXT,
            retry_after_ms={"type": "integer", "minimum": 0},
        ),
    }


def _message(command: type[Command], schema: Mapping[str, Any]) -> Schema:
    properties = dict(schema.get("properties", {}))
    required = list(schema.get("required", ()))
    if "type" in properties:
        # The type of a block, where the command's own name is the message's type.
        properties["block_type"] = properties.pop("type")
        required = ["block_type" if name == "type" else name for name in required]
    return {
        **schema,
        "title": command.NAME,
        "required": ["type", *required],
        "properties": {"id": _ID, "type": {"const": command.NAME}, **properties},
    }


def _told(about: str, schema: Mapping[str, Any]) -> Schema:
    return {
        **schema,
        "description": about,
        "required": ["id", "status", *schema["required"]],
        "properties": {
            "id": _ECHO,
            "status": {"enum": [200, 201, 202]},
            "replayed": _REPLAYED,
            **schema["properties"],
        },
    }
