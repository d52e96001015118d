"""Three-way merge of charts: series by id, their values by category.

Categories have no ids. A category is known by its place in the base, which is found again in each side by
comparing the labels; where one side alone adds, removes or moves categories, the other's values follow. Where
both do, differently, nothing tells whose value belongs to which label: the winner's categories and series stand.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from domain.merge.diff import TooFar, Work, differences
from domain.merge.grid import Grid, Names, Row, Versions, merge_grid
from domain.merge.weighing import Weighing


def merge_charts(
    weighing: Weighing, base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> dict[str, Any]:
    """Merge the `categories` and `series` of three charts; each series comes back with a value a category."""
    labels = base["categories"]
    sides = [_keys(labels, side["categories"], weighing.work) for side in (theirs, mine)]
    unchanged = [str(place) for place in range(len(labels))]
    moved = [keys != unchanged for keys in sides]
    unknown = None in sides or (all(moved) and theirs["categories"] != mine["categories"])
    if unknown:
        won = weighing.won(theirs, mine)
        for field in ("categories", "series"):
            if theirs[field] != mine[field]:
                weighing.clash((field, None, None), base[field], theirs[field], mine[field])
        return {"categories": list(won["categories"]), "series": [dict(series) for series in won["series"]]}
    grids = Versions(
        *(
            _grid(chart, keys or [])
            for chart, keys in zip((base, theirs, mine), (unchanged, *sides), strict=True)
        )
    )
    return _merged(weighing, grids)


def _merged(weighing: Weighing, grids: Versions) -> dict[str, Any]:
    known = {**grids.theirs.columns, **grids.mine.columns, **grids.base.columns}
    names = Names(
        columns="categories",
        rows="series",
        column_id=lambda key: known[key],
        column=lambda _, column: {"text": column["text"], "values": column["cells"]},
        row=lambda key, row: {"id": key, "name": row.name, "values": list(row.cells.values())},
        cell="whole",
        empty=None,
    )
    merged, clashed = merge_grid(weighing, names, grids)
    for series in dict.fromkeys(row for row, _ in clashed):
        weighing.clash(
            ("series", series, "values"),
            *(
                [grid.cell(series, key) for key in merged.columns] if series in grid.rows else None
                for grid in grids
            ),
        )
    return {
        "categories": list(merged.columns.values()),
        "series": [
            {"id": key, "name": row.name, "values": [row.cells[column] for column in merged.columns]}
            for key, row in merged.rows.items()
        ],
    }


def _grid(chart: Mapping[str, Any], keys: Sequence[str]) -> Grid:
    return Grid(
        dict(zip(keys, chart["categories"], strict=True)),
        {s["id"]: Row(s["name"], dict(zip(keys, s["values"], strict=True))) for s in chart["series"]},
    )


def _permuted(base: Sequence[str], side: Sequence[str]) -> list[str]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, label in enumerate(base):
        places[label].append(place)
    return [str(places[label].pop(0)) for label in side]


def _keys(base: Sequence[str], side: Sequence[str], work: Work) -> list[str] | None:
    """Find the base's categories in a side's.

    The same labels in another order were moved. Else what is alike in order stayed, and as many labels in the
    place of as many were renamed.

    Returns:
        For each label of the side the place in the base as a key, or a key of its own; None if they differ too much.
    """
    if Counter(base) == Counter(side):
        return _permuted(base, side)
    try:
        hunks = differences(base, side, work)
    except TooFar:
        return None
    keys = [""] * len(side)
    i = j = 0
    for old_from, old_to, new_from, new_to in (*hunks, (len(base), len(base), len(side), len(side))):
        for n in range(old_from - i):
            keys[j + n] = str(i + n)
        if old_to - old_from == new_to - new_from:
            for n in range(old_to - old_from):
                keys[new_from + n] = str(old_from + n)
        i, j = old_to, new_to
    seen: Counter[str] = Counter()
    for place, label in enumerate(side):
        if not keys[place]:
            keys[place] = f"+{seen[label]} {label}"
            seen[label] += 1
    return keys
