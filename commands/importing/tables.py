"""Tables: read from the parser's tokens, checked against what a block can hold, added in parts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from markdown_it.token import Token

from commands.importing.building import DeckBuilder
from commands.importing.splitting import batches, code_parts_of, fits, size_of
from domain.content import LIMITS

_BAR: Final = re.compile(r"(?<!\\)\|")


@dataclass(slots=True)
class Table:
    """A table as its author wrote it.

    Attributes:
        source: Its Markdown.
        columns: The headings of its columns, inline Markdown.
        rows: Its rows, each with a cell for each column.
        excess: Lines with more cells than columns, whose last cells the parser leaves out.
    """

    source: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    excess: list[str] = field(default_factory=list)


def read(tokens: Sequence[Token], lines: Sequence[str]) -> Table:
    """Read the tokens of one table; `lines` are its source."""
    table = Table("\n".join(lines))
    row: list[str] = table.columns
    for before, token in pairwise(tokens):
        if token.type == "tr_open" and before.type != "thead_open":
            row = []
            table.rows.append(row)
        elif token.type == "inline":
            row.append(token.content)
    width = len(table.columns)
    table.excess = [line for line in lines[2:] if len(_BAR.split(line.strip().strip("|"))) > width]
    return table


def add(table: Table, deck: DeckBuilder, line: int) -> None:
    """Add a table as blocks: tables of 50 rows at most, or code where no table can hold it."""
    headings = sum(map(size_of, table.columns))
    widest = max((size_of(*row) for row in table.rows), default=0)
    cells = [*table.columns, *(cell for row in table.rows for cell in row)]
    too_wide = len(table.columns) > LIMITS.TABLE_COLUMNS
    if too_wide or not fits(headings + widest) or any(len(cell) > LIMITS.TEXT for cell in cells):
        why = f"more than {LIMITS.TABLE_COLUMNS} columns" if too_wide else "cells too long for a block"
        deck.warn(line, f"A table with {why} is kept as code.")
        for part in code_parts_of(table.source):
            deck.add("code", {"language": "markdown", "text": part}, line)
        return
    columns = [{"text": text} for text in table.columns]
    parts = list(batches(table.rows, LIMITS.TABLE_ROWS, lambda row: size_of(*row), headings))
    parts = parts or [[]]  # a table of headings alone
    if len(parts) > 1:
        deck.warn(
            line, f"A table too long for one block was split into {len(parts)}, each with the headings."
        )
    for rows in parts:
        deck.add("table", {"columns": columns, "rows": [{"cells": row} for row in rows]}, line)
    if table.excess:
        deck.warn(line, "Rows with more cells than the table has columns are repeated as text below it.")
        deck.add_text("\n".join(table.excess), line)
