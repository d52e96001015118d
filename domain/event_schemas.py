"""The schema of each public event: what `data` holds, by the event's public name.

They are JSON Schemas (2020-12) of what is told, not of what is stored. Names and meanings of what is there stay
while `CATALOGUE_VERSION` does; properties and events may be added, so clients have to pass over what they do not
know. That is why none of them forbids additional properties.
"""

from collections.abc import Mapping
from typing import Any, Final

from domain.catalogue import CATALOGUE
from domain.content import BLOCK_TYPES
from domain.roles import Role

Schema = Mapping[str, Any]

# Raised when what was promised of an event is taken back.
CATALOGUE_VERSION: Final = 1

_TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_MARK: Final[Schema] = {
    "type": "string",
    "pattern": r"^[0-9a-f-]{36}\.[1-9][0-9]*$",
    "description": "the block's id, a dot, and the version of the block at which it was met",
}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_POSITION: Final[Schema] = {"type": "integer", "minimum": 0, "description": "a place in the log"}
_BOOLEAN: Final[Schema] = {"type": "boolean"}
_OBJECT: Final[Schema] = {"type": "object"}
_USER: Final[Schema] = {"type": "string", "description": "a token's `sub`"}
_PRIORITY: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 9}
_DELAY: Final[Schema] = {"type": "integer", "minimum": 1, "description": "seconds before it may begin"}
_RANK: Final[Schema] = {
    "type": "string",
    "description": "the order among siblings: they are sorted by (rank, id)",
}
_SIDE: Final[Schema] = {"description": "a value of the field; null where there was none"}
_WRITTEN: Final[Schema] = {
    "type": ["string", "null"],
    "description": "null without the right to read it, and once it was shredded",
}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def _data(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


_STEP: Final = _data(
    step={"type": "string", "description": "the `command_id` of the request, or of its batch"},
    position={**_POSITION, "description": "that of the step's first event"},
    author=_USER,
)
_OUTLINE: Final[Schema] = {"type": "object", "description": "`title`, and `slides` with `title` and `points`"}

# By public name, in the order of the catalogue.
DATA_SCHEMAS: Final[Mapping[str, Schema]] = {
    "project-created": _data(title=_TEXT, owner=_USER, aspect=_TEXT, theme_id=_or_null(_TEXT)),
    "project-renamed": _data(title=_TEXT),
    "access-granted": _data(user=_USER, role=_one_of(*(role.label for role in Role))),
    "access-revoked": _data(user=_USER),
    "project-archived": _data(),
    "project-unarchived": _data(),
    "project-detached": _data(events=_COUNT, file_sha256=_TEXT),
    "project-attached": _data(),
    "ownership-transferred": _data(from_user=_USER, to_user=_USER),
    "theme-applied": _data(theme_id=_or_null(_TEXT)),
    "version-named": _data(version_id=_ID, name=_TEXT, position=_POSITION),
    "project-restored": _data(to_position=_POSITION),
    "project-branched": _data(origin_project_id=_ID, origin_position=_POSITION),
    "branch-merged": _data(branch_project_id=_ID, branch_position=_POSITION),
    "step-undone": _STEP,
    "step-redone": _STEP,
    "block-added": _data(
        ("origin_block_id",),
        parent_id=_or_null(_ID),
        type=_one_of(*BLOCK_TYPES),
        rank=_RANK,
        content={"type": "object", "description": "all fields of the type"},
        origin_block_id={**_ID, "description": "the block that this one is a copy of"},
    ),
    "block-edited": _data(changes={"type": "object", "description": "new values by field; the others stay"}),
    "block-moved": _data(parent_id=_or_null(_ID), rank=_RANK),
    "block-deleted": _data(),
    "block-undeleted": _data(),
    "block-edit-conflicted": _data(
        conflict_id=_MARK,
        block_id=_ID,
        field={"type": "string", "description": "of the content, or `deleted`, or `place`"},
        item={"type": ["string", "null"], "description": "the item, row, column or series in it"},
        part={"type": ["string", "null"], "description": "what of the item"},
        base=_SIDE,
        theirs=_SIDE,
        mine=_SIDE,
        actors=_data(theirs=_USER, mine=_USER),
        winner={**_one_of("mine", "theirs"), "description": "the side that stands until it is settled"},
    ),
    "conflict-resolved": _data(conflict_id=_MARK, choice=_one_of("mine", "theirs", "value")),
    "block-edit-suggested": _data(
        suggestion_id=_MARK, block_id=_ID, changes=_OBJECT, base_version=_COUNT, reason=_TEXT
    ),
    "suggestion-decided": _data(suggestion_id=_MARK, accepted=_BOOLEAN),
    "event-detached": _data(),
    "theme-defined": _data(owner=_USER, name=_TEXT, colors=_OBJECT, fonts=_OBJECT),
    "theme-revised": _data(changes=_OBJECT),
    "comment-opened": _data(thread_id=_ID, block_id=_or_null(_ID), text=_WRITTEN),
    "comment-replied": _data(thread_id=_ID, reply_id=_ID, text=_WRITTEN),
    "comment-resolved": _data(thread_id=_ID),
    "comment-reopened": _data(thread_id=_ID),
    "session-joined": _data(user=_USER, client=_TEXT),
    "session-left": _data(reason=_TEXT),
    "generation-requested": _data(
        ("delay",),
        priority=_PRIORITY,
        delay=_DELAY,
        prompt=_or_null(_TEXT),
        source_length=_or_null(_COUNT),
        source_asset_id=_or_null(_TEXT),
        slides=_or_null(_COUNT),
        auto_approve=_BOOLEAN,
    ),
    "thinking-requested": _data(("delay",), priority=_PRIORITY, delay=_DELAY, instruction=_or_null(_TEXT)),
    "image-requested": _data(
        ("delay",), priority=_PRIORITY, delay=_DELAY, prompt=_TEXT, block_id=_or_null(_ID)
    ),
    "export-requested": _data(
        ("delay",), priority=_PRIORITY, delay=_DELAY, format=_TEXT, at_position=_or_null(_POSITION)
    ),
    "job-started": _data(attempt=_COUNT),
    "job-retried": _data(
        attempt=_COUNT, code=_TEXT, message=_TEXT, delay={"type": "number", "description": "seconds"}
    ),
    "job-outlined": _data(outline=_OUTLINE),
    "outline-approved": _data(outline=_OUTLINE),
    "job-succeeded": _data(result=_OBJECT),
    "job-failed": _data(code=_TEXT, message=_TEXT),
    "job-cancelled": _data(),
    "job-expired": _data(),
    "job-requeued": _data(),
}

_ACTOR: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": _USER,
        "kind": _one_of("person", "machine"),
        "name": {"type": ["string", "null"], "description": "null once it was shredded"},
        "shredded": _BOOLEAN,
    },
    "required": ["id", "kind"],
}


def event_schemas() -> dict[str, Schema]:
    """Return the schema of each public event, envelope included, by its public name."""
    found: dict[str, Schema] = {}
    for event_type, (name, _) in CATALOGUE.items():
        told = (event_type.__doc__ or "").partition("\n")[0]
        found[name] = {
            "title": name,
            "description": told,
            **_data(
                position=_POSITION,
                event={"const": name},
                stream=_data(
                    id=_ID, kind={"const": event_type.KIND}, version={"type": "integer", "minimum": 1}
                ),
                project_id=_ID,
                actor=_ACTOR,
                at={"type": "string", "format": "date-time"},
                command_id=_ID,
                data=DATA_SCHEMAS[name],
            ),
        }
    return found
