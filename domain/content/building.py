"""Making contents: a new one from what a client sent, and a changed one from the current and the changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import to_json

from domain.content import blocks, limits, lists
from domain.content.errors import ContentInvalid, FieldError, translated
from domain.content.parts import BlockContent

BLOCK_TYPES: Final[Mapping[str, type[BlockContent]]] = MappingProxyType(
    {
        "slide": blocks.SlideContent,
        "heading": blocks.HeadingContent,
        "text": blocks.TextContent,
        "bullets": lists.BulletsContent,
        "image": blocks.ImageContent,
        "table": lists.TableContent,
        "chart": lists.ChartContent,
        "code": blocks.CodeContent,
        "quote": blocks.QuoteContent,
        "callout": blocks.CalloutContent,
        "divider": blocks.DividerContent,
        "group": blocks.GroupContent,
    }
)
"""The model of each block type's content, by the type's name."""

_NEEDING_IDS: Final[Mapping[str, Mapping[str, int]]] = {
    "bullets": {"items": limits.BULLETS},
    "table": {"columns": limits.TABLE_COLUMNS, "rows": limits.TABLE_ROWS},
    "chart": {"series": limits.CHART_SERIES},
}
"""By block type: the lists whose entries have ids, and how long each may be."""

_ALWAYS_SMALL: Final = frozenset({"heading", "text", "callout", "divider", "group"})
"""Types with one text at most: 10,000 characters, six bytes each at worst, stay below 64 KiB."""
_WORST_CHARACTER: Final = 6
"""Bytes of the longest character in JSON, as \\u0001."""
_FRAME: Final = 500
"""Bytes, rounded up, of all the names and punctuation of a content without lists."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of a block type before any content of it is seen."""

    fields: tuple[str, ...]
    validate: Callable[[Any], BlockContent]
    dump: Callable[[Any], dict[str, Any]] | None
    lists: Mapping[str, int]
    always_small: bool


def _shape(block_type: str, model: type[BlockContent]) -> _Shape:
    needing_ids = _NEEDING_IDS.get(block_type, {})
    return _Shape(
        fields=tuple(model.model_fields),
        validate=model.__pydantic_validator__.validate_python,
        dump=model.__pydantic_serializer__.to_python if needing_ids else None,
        lists=needing_ids,
        always_small=block_type in _ALWAYS_SMALL,
    )


_SHAPES: Final = {name: _shape(name, model) for name, model in BLOCK_TYPES.items()}


def new_content(block_type: str, raw: Mapping[str, Any], id_for: Callable[[str], str]) -> dict[str, Any]:
    """Complete and check the content of a new block.

    Args:
        block_type: A name of `BLOCK_TYPES`.
        raw: What the client sent, as decoded JSON; what has a default may be missing.
        id_for: Gives the id of an entry that came without one, by its path, such as `items.0`. To repeat a
            command is to ask for the same paths again, so the ids should depend on nothing else.

    Returns:
        Every field of the type, in the model's order, as plain JSON values that share nothing with `raw`.

    Raises:
        ContentInvalid: Fields are named `content.…`, or `type` for an unknown block type.
    """
    shape = _shape_of(block_type)
    if not isinstance(raw, Mapping):
        raise ContentInvalid([FieldError("content", "must be an object")])
    return _built(shape, raw, id_for, "content")


def changed_content(
    block_type: str,
    current: Mapping[str, Any],
    changes: Mapping[str, Any],
    id_for: Callable[[str], str],
) -> dict[str, Any]:
    """Put changed fields in place of the current ones and check the whole.

    Args:
        block_type: A name of `BLOCK_TYPES`.
        current: The content as it is, complete.
        changes: The fields to replace, each with its whole new value.
        id_for: As for `new_content`.

    Returns:
        The full new content, as from `new_content`.

    Raises:
        ContentInvalid: Fields are named `changes.…`, also where a change leaves an unchanged field unfit.
    """
    shape = _shape_of(block_type)
    if not isinstance(changes, Mapping):
        raise ContentInvalid([FieldError("changes", "must be an object")])
    if not changes:
        raise ContentInvalid([FieldError("changes", "must name at least one field")])
    return _built(shape, {**current, **changes}, id_for, "changes")


def _shape_of(block_type: str) -> _Shape:
    # A type that is no string may be unhashable, as a list; it is as unknown as any other.
    shape = _SHAPES.get(block_type) if isinstance(block_type, str) else None
    if shape is None:
        raise ContentInvalid([FieldError("type", f"must be one of: {', '.join(BLOCK_TYPES)}")])
    return shape


def _built(
    shape: _Shape, raw: Mapping[str, Any], id_for: Callable[[str], str], prefix: str
) -> dict[str, Any]:
    given = dict(raw)
    for name, most in shape.lists.items():
        given[name] = _with_ids(name, given.get(name, []), most, id_for)
    try:
        model = shape.validate(given)
    except ValidationError as error:
        raise ContentInvalid(translated(error, prefix, shape.fields)) from None
    # A content without lists is its model's fields: reading them off costs a fraction of serialising it.
    content: dict[str, Any] = dict(model.__dict__) if shape.dump is None else shape.dump(model)
    if not shape.always_small:
        _check_size(content, prefix, flat=shape.dump is None)
    return content


def _with_ids(name: str, entries: Any, most: int, id_for: Callable[[str], str]) -> Any:
    """Give an id to each entry that lacks one; what is no list of objects is left for validation to refuse."""
    if not isinstance(entries, list) or len(entries) > most:
        return entries
    return [
        {**entry, "id": id_for(f"{name}.{index}")} if isinstance(entry, dict) and "id" not in entry else entry
        for index, entry in enumerate(entries)
    ]


def _check_size(content: dict[str, Any], prefix: str, *, flat: bool) -> None:
    if flat:
        characters = sum(len(value) for value in content.values() if isinstance(value, str))
        if characters * _WORST_CHARACTER + _FRAME <= limits.BLOCK_BYTES:
            return
    if len(to_json(content)) > limits.BLOCK_BYTES:
        message = f"must be at most {limits.BLOCK_BYTES:,} bytes as JSON"
        raise ContentInvalid([FieldError(prefix, message, limits.BLOCK_BYTES)])
