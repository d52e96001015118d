"""What a conflict is about: finding the thing in a content, and putting another value in its place."""

from collections.abc import Mapping, Sequence
from typing import Any

ORDER = "order"


class Gone(LookupError):
    """The list item that a conflict is about is not there any more."""


def value_at(content: Mapping[str, Any], field: str, item: str | None, part: str | None) -> Any:
    """Return the value of a field, of an item of it, or of a part of an item; None for an item that is gone.

    Raises:
        Gone: the item whose part is asked for is gone.
    """
    value = content.get(field)
    if item is None:
        return [entry["id"] for entry in value or ()] if part == ORDER else value
    entry = next((e for e in value or () if e["id"] == item), None)
    if part is None:
        return entry
    if entry is None:
        raise Gone(item)
    if field == "rows":
        return entry["cells"][_column(content, part)]
    return entry.get(part)


def with_value(
    content: Mapping[str, Any], field: str, item: str | None, part: str | None, value: Any
) -> dict[str, Any]:
    """Return the content with another value there; the result is yet to be validated.

    Raises:
        Gone: the item whose part is to change is gone.
    """
    if item is None:
        changed = _in_order(content[field], value) if part == ORDER else value
        return {**content, field: changed}
    entries = list(content[field])
    index = next((i for i, e in enumerate(entries) if e["id"] == item), None)
    if part is None:
        return _with_entry(content, field, index, value)
    if index is None:
        raise Gone(item)
    entry = dict(entries[index])
    if field == "rows":
        cells = list(entry["cells"])
        cells[_column(content, part)] = value
        entry["cells"] = cells
    else:
        entry[part] = value
    entries[index] = entry
    return {**content, field: entries}


def _with_entry(content: Mapping[str, Any], field: str, index: int | None, value: Any) -> dict[str, Any]:
    entries, rows = list(content[field]), list(content.get("rows", ()))
    if value is None:
        if index is not None:
            del entries[index]
            rows = [{**r, "cells": [c for i, c in enumerate(r["cells"]) if i != index]} for r in rows]
    elif index is None:
        entries.append(value)
        rows = [{**r, "cells": [*r["cells"], ""]} for r in rows]
    else:
        entries[index] = value
    changed = {**content, field: entries}
    # A table stays rectangular: with a column go its cells.
    return {**changed, "rows": rows} if field == "columns" else changed


def _column(content: Mapping[str, Any], column_id: str) -> int:
    for i, column in enumerate(content["columns"]):
        if column["id"] == column_id:
            return i
    raise Gone(column_id)


def _in_order(entries: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Sort entries as the ids stand; what is not named keeps its place after the one before it."""
    rank = {name: i for i, name in enumerate(ids)}
    last, keys = -1, []
    for entry in entries:
        last = rank.get(entry["id"], last)
        keys.append(last)
    return [entries[i] for i in sorted(range(len(entries)), key=lambda i: (keys[i], i))]
