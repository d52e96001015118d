"""Three-way merge of a list whose entries have ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.merge.order import all_keys, merge_order
from domain.merge.weighing import Kind, Weighing

Item = Mapping[str, Any]


def merge_items(
    weighing: Weighing,
    field: str,
    parts: Mapping[str, Kind],
    versions: Sequence[Sequence[Item]],
) -> list[dict[str, Any]]:
    """Merge entry by entry.

    Args:
        weighing: Takes the clashes.
        field: The list's name.
        parts: How each part of an entry but its id merges.
        versions: The list in the base, in theirs, in mine.
    """
    old, of_theirs, of_mine = ({item["id"]: item for item in items} for items in versions)
    kept: dict[str, dict[str, Any]] = {}
    for key in all_keys(old, of_theirs, of_mine):
        item = _merged(weighing, field, parts, key, (old.get(key), of_theirs.get(key), of_mine.get(key)))
        if item is not None:
            kept[key] = item
    orders = [list(old), list(of_theirs), list(of_mine)]
    order, clash = merge_order(orders, kept, lambda key: str(kept[key].get("text", "")), weighing.winner)
    if clash:
        weighing.clash((field, None, "order"), *orders)
    return [kept[key] for key in order]


def _merged(
    weighing: Weighing,
    field: str,
    parts: Mapping[str, Kind],
    key: str,
    versions: tuple[Item | None, Item | None, Item | None],
) -> dict[str, Any] | None:
    base, theirs, mine = versions
    if theirs is None or mine is None:
        left = mine if theirs is None else theirs
        if base is None or left is None:
            return None if left is None else dict(left)
        if left == base:
            return None
        weighing.clash((field, key, None), base, theirs, mine)
        won = weighing.won(theirs, mine)
        return None if won is None else dict(won)
    old = base or {}
    return {"id": key} | {
        part: weighing.settle(kind, (field, key, part), old.get(part), theirs[part], mine[part])
        for part, kind in parts.items()
    }
