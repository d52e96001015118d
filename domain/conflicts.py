"""Conflicts about a content: what a side of one stands for, and putting it in the place of what stands.

The shapes of the values are those of `domain.merge.Clash`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.block.changes import Side
from domain.block.events import BlockEditConflicted
from domain.merge import merge_text

Content = Mapping[str, Any]

_ORDER: Final = "order"


class Unfit(ValueError):
    """The value is not of the kind that the conflict is about, or what it is about is not there."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """A list whose entries own a cell of each row: columns of a table, categories of a chart."""

    field: str
    rows: str
    cells: str
    empty: str | None

    def key(self, entry: Any) -> str:
        """Return what names an entry."""
        key = entry["id"] if self.field == "columns" else entry
        if not isinstance(key, str):
            raise TypeError
        return key

    def entry(self, key: str, text: Any) -> Any:
        """Make an entry."""
        return {"id": key, "text": text} if self.field == "columns" else text


_AXES: Final = {
    "columns": _Axis("columns", "rows", "cells", ""),
    "categories": _Axis("categories", "series", "values", None),
}


def wished(conflict: BlockEditConflicted, block_type: str, stood: Content, choice: Side) -> Any:
    """Return the value that the choice of a side asks for.

    Of a text both sides share what could be merged: only the rest is the one's or the other's.

    Args:
        conflict: What is settled.
        block_type: A name of `BLOCK_TYPES`.
        stood: The content right after the conflict.
        choice: The side.
    """
    side = conflict.mine if choice == "mine" else conflict.theirs
    texts = _texts(conflict)
    if texts is None:
        return side
    by: Any = "lines" if block_type == "code" else "words"
    merged, _ = merge_text(*texts, winner=_winner(conflict), by=by)
    if merged not in _strings(stood, conflict):
        # The winner's was taken whole: it was too long, or too much, to be merged.
        return side
    return merge_text(*texts, winner=choice, by=by)[0]


def with_value(content: Content, conflict: BlockEditConflicted, value: Any) -> dict[str, Any]:
    """Return the content with another value where the conflict is; the result is yet to be validated.

    What was deleted comes back at the end of its list.

    Raises:
        Unfit: the value cannot stand there.
    """
    try:
        return _with_value(content, conflict, value)
    except (TypeError, KeyError, AttributeError, IndexError) as wrong:
        raise Unfit(conflict.field) from wrong


def _with_value(content: Content, conflict: BlockEditConflicted, value: Any) -> dict[str, Any]:
    field, item, part = conflict.field, conflict.item, conflict.part
    axis = _AXES.get(field)
    if item is None:
        if part == _ORDER:
            places = _in_order([_key(field, entry) for entry in content[field]], value)
            if axis is not None:
                return _laid_out(content, axis, [(content[field][i], i) for i in places])
            return {**content, field: [content[field][i] for i in places]}
        return _with_axis(content, axis, value) if axis else {**content, field: value}
    if axis is not None:
        return _with_column(content, axis, _standing(content, conflict), value, whole=part is None)
    return _with_entry(content, field, item, part, value)


def _with_entry(content: Content, field: str, item: str, part: str | None, value: Any) -> dict[str, Any]:
    entries = list(content[field])
    index = next((i for i, entry in enumerate(entries) if entry["id"] == item), None)
    if part is not None:
        entry = dict(entries[_there(index)])
        if field == "rows":
            cells = list(entry["cells"])
            cells[_there(_index([c["id"] for c in content["columns"]], part))] = value
            entry["cells"] = cells
        else:
            entry[part] = value
        entries[_there(index)] = entry
    elif value is None:
        if index is not None:
            del entries[index]
    else:
        entry = {**value, "id": item}
        if field == "rows":
            entry["cells"] = [value["cells"].get(column["id"], "") for column in content["columns"]]
        if index is None:
            entries.append(entry)
        else:
            entries[index] = entry
    return {**content, field: entries}


def _with_column(content: Content, axis: _Axis, key: str, value: Any, *, whole: bool) -> dict[str, Any]:
    entries = [(entry, i) for i, entry in enumerate(content[axis.field])]
    index = _index([axis.key(entry) for entry, _ in entries], key)
    if not whole:
        entries[_there(index)] = (axis.entry(key, value), _there(index))
        return _laid_out(content, axis, entries)
    if value is None:
        return _laid_out(content, axis, entries if index is None else entries[:index] + entries[index + 1 :])
    if index is None:
        index = len(entries)
        content = _laid_out(content, axis, [*entries, (axis.entry(key, value["text"]), None)])
    else:
        entries[index] = (axis.entry(key, value["text"]), index)
        content = _laid_out(content, axis, entries)
    given = value[axis.cells]
    rows = [
        {**row, axis.cells: _replaced(row[axis.cells], index, given.get(row["id"], axis.empty))}
        for row in content[axis.rows]
    ]
    return {**content, axis.rows: rows}


def _with_axis(content: Content, axis: _Axis, entries: Any) -> dict[str, Any]:
    if not isinstance(entries, list):
        raise TypeError
    old: dict[str, int] = {}
    for i, entry in enumerate(content[axis.field]):
        old.setdefault(axis.key(entry), i)
    return _laid_out(content, axis, [(entry, old.get(axis.key(entry))) for entry in entries])


def _laid_out(content: Content, axis: _Axis, entries: Sequence[tuple[Any, int | None]]) -> dict[str, Any]:
    """Give a grid other entries, each with the place that its cells come from: all rows stay as long."""
    rows = [
        {
            **row,
            axis.cells: [axis.empty if place is None else row[axis.cells][place] for _, place in entries],
        }
        for row in content[axis.rows]
    ]
    return {**content, axis.field: [entry for entry, _ in entries], axis.rows: rows}


def _standing(content: Content, conflict: BlockEditConflicted) -> str:
    """Return the key of a column or category; a category is known by its label, which may be another now."""
    item = conflict.item or ""
    if conflict.field != "categories":
        return item
    side = conflict.mine if conflict.winner == "mine" else conflict.theirs
    labels = [item]
    if isinstance(side, Mapping):
        labels.insert(0, side["text"])
    elif (texts := _texts(conflict)) is not None:
        labels[:0] = [merge_text(*texts, winner=_winner(conflict))[0], side]
    return next((label for label in labels if label in content["categories"]), item)


def _strings(content: Content, conflict: BlockEditConflicted) -> Sequence[Any]:
    """Return the texts of a content that the conflict may be about."""
    field, item, part = conflict.field, conflict.item, conflict.part
    if item is None:
        return [content.get(field)]
    if field == "categories":
        return list(content["categories"])
    entry = next((entry for entry in content[field] if entry["id"] == item), None)
    if entry is None or part is None:
        return []
    return list(entry["cells"]) if field == "rows" else [entry.get(part)]


def _texts(conflict: BlockEditConflicted) -> tuple[str, str, str] | None:
    if not (isinstance(conflict.theirs, str) and isinstance(conflict.mine, str)):
        return None
    return (conflict.base if isinstance(conflict.base, str) else "", conflict.theirs, conflict.mine)


def _winner(conflict: BlockEditConflicted) -> Side:
    return "mine" if conflict.winner == "mine" else "theirs"


def _key(field: str, entry: Any) -> Any:
    return entry if field == "categories" else entry["id"]


def _in_order(keys: Sequence[Any], wanted: Any) -> list[int]:
    """Sort places as the wanted keys stand; what is not named keeps its place after the one before it."""
    if not (isinstance(wanted, list) and all(isinstance(key, str) for key in wanted)):
        raise TypeError
    rank = {key: i for i, key in enumerate(wanted)}
    last, ranks = -1, []
    for key in keys:
        last = rank.get(key, last)
        ranks.append(last)
    return sorted(range(len(keys)), key=lambda i: (ranks[i], i))


def _index(keys: Sequence[str], key: str) -> int | None:
    return keys.index(key) if key in keys else None


def _there(index: int | None) -> int:
    if index is None:
        raise IndexError
    return index


def _replaced(cells: Sequence[Any], index: int, value: Any) -> list[Any]:
    return [*cells[:index], value, *cells[index + 1 :]]
