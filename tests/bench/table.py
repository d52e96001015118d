"""The rows as a table for people, and as JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.budgets import Row, Spread

HEADINGS = ("what", "yardstick", "ours", "ratio", "floor", "aim", "verdict")


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f}" if unit == "/s" else f"{value:,.2f}"


def _absolute(spread: Spread | None, unit: str) -> str:
    if spread is None:
        return "-"
    middle, low, high = (_number(v, unit) for v in (spread.median, spread.least, spread.most))
    space = "" if unit.startswith("/") else " "
    return f"{middle}{space}{unit} ({low}-{high})"


def _ratio(spread: Spread | None) -> str:
    return "-" if spread is None else f"{spread.median:.2f}x ({spread.least:.2f}-{spread.most:.2f})"


def _bound(row: Row, bound: float | None) -> str:
    if bound is None:
        return "-"
    sign = "<= " if row.budget.lower_is_better else ""
    return f"{sign}{bound:g}{' ' + row.budget.unit if row.budget.absolute else 'x'}"


def _cells(row: Row) -> tuple[str, ...]:
    budget = row.budget
    return (
        f"{row.bench}: {budget.what}",
        f"{budget.yardstick}: {_absolute(row.yardstick, budget.unit)}",
        _absolute(row.ours, budget.unit),
        _ratio(row.ratio),
        _bound(row, budget.floor),
        _bound(row, budget.aim),
        f"{row.verdict}: {row.why_not}" if row.why_not else str(row.verdict),
    )


def render(rows: Sequence[Row]) -> str:
    """Lay the rows out."""
    lines = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS) - 1)]

    def joined(cells: Sequence[str]) -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=True)]
        return " | ".join([*padded, cells[-1]])

    rule = "-+-".join("-" * width for width in [*widths, len(HEADINGS[-1])])
    return "\n".join([joined(HEADINGS), rule, *(joined(cells) for cells in lines[1:])])


def document(rows: Sequence[Row], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of it for a program."""
    return {"about": dict(about), "rows": [_document(row) for row in rows]}


def _document(row: Row) -> dict[str, Any]:
    measured = {name: asdict(spread) for name, spread in row.spreads().items() if spread is not None}
    return {
        "bench": row.bench,
        **asdict(row.budget),
        "verdict": str(row.verdict),
        "why_not": row.why_not,
        "measured": measured,
        "rounds": [{"yardstick": dict(y), "ours": dict(o)} for y, o in row.rounds],
    }
