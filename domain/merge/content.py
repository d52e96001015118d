"""Three-way merge of a block's content, field by field."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import to_json

from domain.content import BLOCK_TYPES, limits
from domain.merge.charts import merge_charts
from domain.merge.items import merge_items
from domain.merge.records import Clash, Merged, Side
from domain.merge.tables import merge_tables
from domain.merge.weighing import Kind, Weighing

_TEXTS: Final[Mapping[str, Mapping[str, Kind]]] = MappingProxyType(
    {
        "slide": {"title": "words", "notes": "words"},
        "heading": {"text": "words"},
        "text": {"text": "words"},
        "image": {"alt": "words", "caption": "words"},
        "code": {"text": "lines"},
        "quote": {"text": "words", "by": "words"},
        "callout": {"text": "words"},
    }
)
"""By block type: the fields that merge within; every other that is no list is taken whole."""

_ENTRIES: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "bullets": {"items": limits.BULLETS},
        "table": {"columns": limits.TABLE_COLUMNS, "rows": limits.TABLE_ROWS},
        "chart": {"categories": limits.CHART_POINTS, "series": limits.CHART_SERIES},
    }
)
"""By block type: the lists that merge by entry, and how long each may be."""


def merge_content(
    block_type: str,
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    *,
    winner: Side,
) -> Merged:
    """Merge two edits of a block.

    Args:
        block_type: A name of `BLOCK_TYPES`.
        base: The content that both edits began with.
        theirs: The one edit, valid and complete; what has a default may be missing, as in the others.
        mine: The other edit.
        winner: Whose value stands where the edits clash.

    Returns:
        The merged content, in the order of the type's fields. Lists in it may be
        the arguments' own, so they are not to be changed. Without a clash it does not depend on which edit is called whose. If what is merged is larger
        than a content may be, the winner's stands and all that differs is a clash.

    Raises:
        KeyError: The block type is unknown.
    """
    base, theirs, mine = (_complete(block_type, content) for content in (base, theirs, mine))
    if theirs in (base, mine):
        return Merged(dict(mine), (), combined=False)
    if mine == base:
        return Merged(dict(theirs), (), combined=False)
    weighing = Weighing(winner)
    content = _merged(weighing, block_type, base, theirs, mine)
    if content in (theirs, mine):
        return Merged(content, tuple(weighing.clashes), combined=False)
    too_long = any(len(content[name]) > most for name, most in _ENTRIES.get(block_type, {}).items())
    if too_long or len(to_json(content)) > limits.BLOCK_BYTES:
        return Merged(dict(weighing.won(theirs, mine)), _all_that_differs(base, theirs, mine), combined=False)
    return Merged(content, tuple(weighing.clashes), combined=True)


def _complete(block_type: str, content: Mapping[str, Any]) -> dict[str, Any]:
    fields = BLOCK_TYPES[block_type].model_fields
    return {
        name: content[name] if name in content else field.get_default(call_default_factory=True)
        for name, field in fields.items()
    }


def _merged(
    weighing: Weighing, block_type: str, base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
) -> dict[str, Any]:
    texts, entries = _TEXTS.get(block_type, {}), _ENTRIES.get(block_type, {})
    content = {
        name: weighing.settle(
            texts.get(name, "whole"), (name, None, None), base[name], theirs[name], mine[name]
        )
        for name in BLOCK_TYPES[block_type].model_fields
        if name not in entries
    }
    match block_type:
        case "bullets":
            parts: Mapping[str, Kind] = {"text": "words", "level": "whole"}
            content["items"] = merge_items(
                weighing, "items", parts, [content["items"] for content in (base, theirs, mine)]
            )
        case "table":
            content |= merge_tables(weighing, base, theirs, mine)
        case "chart":
            content |= merge_charts(weighing, base, theirs, mine)
        case _:
            pass
    return content


def _all_that_differs(
    base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> tuple[Clash, ...]:
    return tuple(
        Clash(name, None, None, base[name], theirs[name], mine[name])
        for name in base
        if theirs[name] != mine[name]
    )
