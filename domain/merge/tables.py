"""Three-way merge of tables: cells stand in the columns' order, so they merge by the columns' ids."""

from collections.abc import Mapping
from typing import Any, Final

from domain.merge.grid import Grid, Names, Row, Versions, merge_grid
from domain.merge.weighing import Weighing

_NAMES: Final = Names(
    columns="columns",
    rows="rows",
    column_id=lambda key: key,
    column=lambda key, column: {"id": key, **column},
    row=lambda key, row: {"id": key, "cells": row.cells},
    cell="words",
    empty="",
)


def merge_tables(
    weighing: Weighing, base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> dict[str, Any]:
    """Merge the `columns` and `rows` of three tables; what comes back is rectangular."""
    grids = Versions(_grid(base), _grid(theirs), _grid(mine))
    merged, clashed = merge_grid(weighing, _NAMES, grids)
    for row, column in clashed:
        weighing.clash(("rows", row, column), *(grid.cell(row, column) for grid in grids))
    return {
        "columns": [{"id": key, "text": text} for key, text in merged.columns.items()],
        "rows": [
            {"id": key, "cells": [row.cells[c] for c in merged.columns]} for key, row in merged.rows.items()
        ],
    }


def _grid(content: Mapping[str, Any]) -> Grid:
    columns = {column["id"]: column["text"] for column in content["columns"]}
    return Grid(
        columns,
        {row["id"]: Row("", dict(zip(columns, row["cells"], strict=True))) for row in content["rows"]},
    )
