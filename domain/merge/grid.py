"""Three-way merge of rows and columns: of a table, and of a chart, whose series are rows over its categories."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from domain.merge.order import all_keys, merge_order
from domain.merge.weighing import Kind, Weighing


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its name, where it has one, and its cells by the columns' keys."""

    name: str
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """Labels of columns by key, and rows by id, both in order."""

    columns: dict[str, str]
    rows: dict[str, Row]

    def cell(self, row: str, column: str) -> Any:
        """Return a cell, or None where this grid has no such row or column."""
        return self.rows[row].cells.get(column) if row in self.rows else None

    def column(self, key: str) -> dict[str, Any] | None:
        """Return a column's label and cells."""
        if key not in self.columns:
            return None
        return {"text": self.columns[key], "cells": {row: self.rows[row].cells[key] for row in self.rows}}


@dataclass(frozen=True, slots=True)
class Names:
    """What a grid's content calls things, and what its cells are."""

    columns: str
    rows: str
    column_id: Callable[[str], str]
    """A clash's item, from a column's key."""
    column: Callable[[str, dict[str, Any]], dict[str, Any]]
    """A clash's value, from a column's key and what `Grid.column` returned."""
    row: Callable[[str, Row], dict[str, Any]]
    """A clash's value, from a row's id and the row."""
    cell: Kind
    empty: Any


@dataclass(frozen=True, slots=True)
class Versions:
    """The three grids."""

    base: Grid
    theirs: Grid
    mine: Grid

    def __iter__(self) -> Iterator[Grid]:
        return iter((self.base, self.theirs, self.mine))


def merge_grid(weighing: Weighing, names: Names, grids: Versions) -> tuple[Grid, list[tuple[str, str]]]:
    """Merge columns, then rows, then cells.

    Returns:
        The merged grid, and the cells (row, column) where the winner's stands; they are not yet recorded.
    """
    columns = _columns(weighing, names, grids)
    kept = _kept_rows(weighing, names, grids)
    clashed: list[tuple[str, str]] = []
    rows: dict[str, Row] = {}
    for key in kept:
        cells: dict[str, Any] = {}
        for column in columns:
            cells[column], clash = _cell(weighing, names, grids, key, column)
            if clash:
                clashed.append((key, column))
        rows[key] = Row(_name(weighing, names, grids, key), cells)
    order, clash = merge_order(
        [list(grid.rows) for grid in grids],
        kept,
        lambda key: (rows[key].name, [str(cell) for cell in rows[key].cells.values()]),
        weighing.winner,
    )
    if clash:
        weighing.clash((names.rows, None, "order"), *(list(grid.rows) for grid in grids))
    return Grid(columns, {key: rows[key] for key in order}), clashed


def _columns(weighing: Weighing, names: Names, grids: Versions) -> dict[str, str]:
    base, theirs, mine = grids
    kept: dict[str, str] = {}
    for key in all_keys(base.columns, theirs.columns, mine.columns):
        if key in theirs.columns and key in mine.columns:
            versions = [grid.columns.get(key) for grid in grids]
            where = (names.columns, names.column_id(key), "text")
            kept[key] = weighing.settle("words", where, *versions)
            continue
        left = next((grid for grid in (theirs, mine) if key in grid.columns), None)
        if left is None:
            continue
        if key in base.columns:
            if not _column_edited(base, left, key, names.empty):
                continue
            described = [grid.column(key) for grid in grids]
            values = [None if column is None else names.column(key, column) for column in described]
            weighing.clash((names.columns, names.column_id(key), None), *values)
            if weighing.won(theirs, mine) is not left:
                continue
        kept[key] = left.columns[key]
    order, clash = merge_order(
        [list(grid.columns) for grid in grids], kept, lambda key: kept[key], weighing.winner
    )
    if clash:
        ids = [[names.column_id(key) for key in grid.columns] for grid in grids]
        weighing.clash((names.columns, None, "order"), *ids)
    return {key: kept[key] for key in order}


def _column_edited(base: Grid, left: Grid, key: str, empty: Any) -> bool:
    if left.columns[key] != base.columns[key]:
        return True
    return any(
        row.cells[key] != (base.rows[name].cells[key] if name in base.rows else empty)
        for name, row in left.rows.items()
    )


def _kept_rows(weighing: Weighing, names: Names, grids: Versions) -> list[str]:
    base, theirs, mine = grids
    kept: list[str] = []
    for key in all_keys(base.rows, theirs.rows, mine.rows):
        if key not in theirs.rows or key not in mine.rows:
            left = next((grid for grid in (theirs, mine) if key in grid.rows), None)
            if left is None:
                continue
            if key in base.rows:
                if not _row_edited(base.rows[key], left.rows[key], names.empty):
                    continue
                values = [names.row(key, grid.rows[key]) if key in grid.rows else None for grid in grids]
                weighing.clash((names.rows, key, None), *values)
                if weighing.won(theirs, mine) is not left:
                    continue
        kept.append(key)
    return kept


def _row_edited(base: Row, left: Row, empty: Any) -> bool:
    return left.name != base.name or any(
        cell != base.cells.get(column, empty) for column, cell in left.cells.items()
    )


def _name(weighing: Weighing, names: Names, grids: Versions, key: str) -> str:
    versions = [grid.rows[key].name if key in grid.rows else None for grid in grids]
    base, theirs, mine = versions
    if theirs is None or mine is None:
        return (mine if theirs is None else theirs) or ""
    name: str = weighing.settle("words", (names.rows, key, "name"), base, theirs, mine)
    return name


def _has(grid: Grid, row: str, column: str) -> bool:
    return row in grid.rows and column in grid.columns


def _cell(weighing: Weighing, names: Names, grids: Versions, row: str, column: str) -> tuple[Any, bool]:
    base, theirs, mine = grids
    in_theirs, in_mine = _has(theirs, row, column), _has(mine, row, column)
    if in_theirs and in_mine:
        before = base.cell(row, column) if _has(base, row, column) else names.empty
        return weighing.weigh(names.cell, before, theirs.cell(row, column), mine.cell(row, column))
    for has, grid in ((in_theirs, theirs), (in_mine, mine), (_has(base, row, column), base)):
        if has:
            return grid.cell(row, column), False
    return names.empty, False
