"""The messages of a live socket; `infra/docs/live.md` tells the same to people."""

from collections.abc import Mapping
from typing import Final

from domain.event_schemas import event_schemas
from infra.http.asyncapi.schemas import (
    ANYTHING,
    COUNT,
    ID,
    INSTANT,
    POSITION,
    TEXT,
    Schema,
    listed,
    or_null,
    said,
    thing,
)

_NUMBER: Final[Schema] = {"type": "number", "exclusiveMinimum": -1e9, "exclusiveMaximum": 1e9}
_INTEGER: Final[Schema] = {**_NUMBER, "type": "integer"}
_SHORT: Final[Schema] = {"type": "string", "maxLength": 64}
_SHORT_OR_NONE: Final[Schema] = or_null(_SHORT)
_CURSOR: Final[dict[str, Schema]] = {
    "block_id": _SHORT_OR_NONE,
    "field": _SHORT_OR_NONE,
    "offset": _INTEGER,
    "x": _NUMBER,
    "y": _NUMBER,
}
_SELECTION: Final[dict[str, Schema]] = {
    "block_id": _SHORT_OR_NONE,
    "block_ids": listed(_SHORT, maxItems=100),
    "field": _SHORT_OR_NONE,
    "start": _INTEGER,
    "end": _INTEGER,
}
_PLACE: Final[Schema] = thing(tuple(_CURSOR | _SELECTION), **(_CURSOR | _SELECTION))
_PERSON: Final[Schema] = thing(
    ("block_id", "cursor", "selection"),
    session=ID,
    user=TEXT,
    since=INSTANT,
    block_id=_SHORT_OR_NONE,
    cursor=_PLACE,
    selection=_PLACE,
)
_CONFLICT: Final[Mapping[str, Schema]] = {
    "id": TEXT,
    "project_id": ID,
    "block_id": ID,
    "field": TEXT,
    "item": ANYTHING,
    "part": ANYTHING,
    "base": ANYTHING,
    "theirs": ANYTHING,
    "mine": ANYTHING,
    "actors": {"type": "object"},
    "winner": {"enum": ["mine", "theirs"]},
    "resolved": {"type": "boolean"},
    "version": COUNT,
    "position": POSITION,
    "created_at": INSTANT,
    "created_by": TEXT,
}


def server_messages() -> Mapping[str, Schema]:
    """Return what the server says, by type; `event` stands for every event of the public catalogue."""
    return {
        "welcome": said(
            "welcome",
            "The first message. Every event of the project past `after` follows, once and in order.",
            project_id=ID,
            position=POSITION,
            after=POSITION,
            epoch=ID,
            session=ID,
            ping_interval_ms=COUNT,
        ),
        "event": {
            "description": "An event, as history tells it.",
            "oneOf": [_live_event(schema) for schema in event_schemas().values()],
        },
        "conflict": said(
            "conflict",
            "Both sides of what could not be merged, right after the event that keeps it.",
            **_CONFLICT,
        ),
        "presence": said(
            "presence",
            "Who is here, the whole of it: the latest one is true.",
            here=listed(_PERSON, maxItems=100),
            total=COUNT,
        ),
        "cursor": said(
            "cursor",
            "Somebody else moved: at most 20 times a second, the latest of each.",
            ("block_id", "cursor", "selection"),
            session=ID,
            user=TEXT,
            block_id=_SHORT_OR_NONE,
            cursor=_PLACE,
            selection=_PLACE,
        ),
        "job": said(
            "job",
            "A job got further; that it begins or ends is an event.",
            ("done", "total", "message", "kind", "state"),
            job_id=ID,
            kind=TEXT,
            state=TEXT,
            done=ANYTHING,
            total=ANYTHING,
            message=ANYTHING,
        ),
        "pong": said("pong", "The answer to a `ping`."),
        "reset": said("reset", "The log has another epoch: forget everything. The socket closes with 4409."),
        "bye": said("bye", "The server is about to close this socket.", reason=TEXT, retry_after_ms=COUNT),
    }


def client_messages() -> Mapping[str, Schema]:
    """Return what a client may say, by type."""
    return {
        "cursor": said("cursor", "Where I am.", tuple(_CURSOR), **_CURSOR),
        "selection": said("selection", "What I have selected.", tuple(_SELECTION), **_SELECTION),
        "auth": said("auth", "A new token of the same user, before the old one ends.", token=TEXT),
        "ping": said("ping", "Answered by `pong`."),
    }


def _live_event(schema: Schema) -> Schema:
    return {
        **schema,
        "properties": {"type": {"const": "event"}, **schema["properties"]},
        "required": ["type", *schema["required"]],
    }
