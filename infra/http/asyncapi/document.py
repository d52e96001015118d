"""Puts the document together, out of the same types and tables that the sockets are made of."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.http import close_codes
from infra.http.asyncapi import commands, live
from infra.http.asyncapi.schemas import Schema
from infra.http.sockets import BEARER, PROTOCOL

VERSION: Final = "3.0.0"
LIVE, COMMANDS = "live", "commands"
_LIVE_PATH, _COMMANDS_PATH = "/api/projects/{project}/live", "/api/commands/socket"
_HANDSHAKE: Final = {
    "ws": {
        "method": "GET",
        "headers": {
            "type": "object",
            "properties": {
                "Sec-WebSocket-Protocol": {
                    "type": "string",
                    "description": f"`{PROTOCOL}, {BEARER}<token>`; who can send headers may use `Authorization`",
                }
            },
        },
    }
}
_BEGIN: Final = {
    "ws": {
        **_HANDSHAKE["ws"],
        "query": {
            "type": "object",
            "properties": {
                "after": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "the position to resume from; omitted: from now on; past the head: waits",
                }
            },
        },
    }
}


@lru_cache(maxsize=1)
def asyncapi_document() -> Mapping[str, Any]:
    """Return the document; it is made when it is first asked for, and not to be changed."""
    asked, definitions = commands.client_messages()
    messages = {
        **_named(f"{LIVE}.server", live.server_messages()),
        **_named(f"{LIVE}.client", live.client_messages()),
        **_named(f"{COMMANDS}.server", commands.server_messages()),
        **_named(f"{COMMANDS}.client", asked),
    }
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Decklog sockets",
            "version": "1",
            "description": "Live events and presence of a project, and pipelined commands. Unknown messages and "
            "properties are passed over by clients. " + _endings(),
        },
        "defaultContentType": "application/json",
        "servers": {
            "read": {
                "host": "{host}",
                "pathname": "",
                "protocol": "wss",
                "variables": {"host": {"default": "localhost:8002"}},
            },
            "write": {
                "host": "{host}",
                "pathname": "",
                "protocol": "wss",
                "variables": {"host": {"default": "localhost:8001"}},
            },
        },
        "channels": {
            LIVE: {
                "address": _LIVE_PATH,
                "servers": [{"$ref": "#/servers/read"}],
                "parameters": {"project": {"description": "the project's id"}},
                "messages": _references(n for n in messages if n.startswith(LIVE)),
                "bindings": _BEGIN,
            },
            COMMANDS: {
                "address": _COMMANDS_PATH,
                "servers": [{"$ref": "#/servers/write"}],
                "messages": _references(n for n in messages if n.startswith(COMMANDS)),
                "bindings": _HANDSHAKE,
            },
        },
        "operations": {
            "follow": _operation("send", LIVE, "What the server says.", messages, f"{LIVE}.server"),
            "take-part": _operation("receive", LIVE, "What a client says.", messages, f"{LIVE}.client"),
            "answer": _operation("send", COMMANDS, "What the server says.", messages, f"{COMMANDS}.server"),
            "command": _operation("receive", COMMANDS, "What a client says.", messages, f"{COMMANDS}.client"),
        },
        "components": {"messages": messages, "schemas": definitions},
        "x-close-codes": [
            {"code": close.code, "reason": close.reason, "reconnect": close.reconnect}
            for close in close_codes.ALL
        ],
    }


async def asyncapi_response(_: Request) -> Response:
    """Answer the document."""
    return Response(orjson.dumps(asyncapi_document()), media_type="application/json")


def _named(prefix: str, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    return {
        f"{prefix}.{name}": {
            "name": name,
            "title": name,
            "summary": str(schema.get("description", "")).partition("\n")[0],
            "payload": schema,
        }
        for name, schema in schemas.items()
    }


def _references(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _operation(
    action: str, channel: str, summary: str, messages: Mapping[str, Any], prefix: str
) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [
            {"$ref": f"#/channels/{channel}/messages/{name}"}
            for name in messages
            if name.startswith(f"{prefix}.")
        ],
    }


def _endings() -> str:
    final = ", ".join(str(close.code) for close in close_codes.ALL if not close.reconnect)
    again = ", ".join(str(close.code) for close in close_codes.ALL if close.reconnect)
    return f"A client comes back after {again}, with a growing, jittered pause; never after {final}."
