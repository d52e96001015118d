"""Rows of two tables that should be the same: which differ, in what, and what that means."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from psycopg.sql import SQL, Identifier

from infra.postgres.connections import Connection

# Rows of a table that are shown; all are counted.
SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same: its key, and the columns that differ, as (live, rebuilt); None: no such row."""

    model: str
    table: str
    key: dict[str, Any]
    columns: dict[str, tuple[Any, Any]]
    why: str


@dataclass(slots=True)
class Comparison:
    """How many rows were compared and how many differ, and the first of these of each table."""

    rows: int = 0
    differing: int = 0
    shown: list[Difference] = field(default_factory=list)

    def add(self, other: "Comparison") -> None:
        """Take in what another table's rows came to."""
        self.rows += other.rows
        self.differing += other.differing
        self.shown += other.shown


async def compared(
    connection: Connection, model: str, table: str, sides: tuple[Identifier, Identifier], as_of: str
) -> Comparison:
    """Compare the rows of a live table with those of the rebuilt one; `as_of` says which moment they are of."""
    live, rebuilt = sides
    cursor = await connection.execute(
        "select a.attname from pg_index i join pg_attribute a"
        " on a.attrelid = i.indrelid and a.attnum = any(i.indkey)"
        " where i.indrelid = %s::regclass and i.indisprimary",
        [live.as_string()],
    )
    keys = [name for (name,) in await cursor.fetchall()]
    joined = SQL("from {} l full join {} s using ({})").format(
        live, rebuilt, SQL(", ").join(map(Identifier, keys))
    )
    differs = SQL("l::text is distinct from s::text")
    counted = await connection.execute(
        SQL("select count(*), count(*) filter (where {}) {}").format(differs, joined)
    )
    rows, differing = cast("tuple[int, int]", await counted.fetchone())
    found = Comparison(rows, differing)
    if differing:
        pairs = await connection.execute(
            SQL("select row_to_json(l), row_to_json(s) {} where {} limit {}").format(joined, differs, SHOWN)
        )
        found.shown = [_difference(model, table, keys, pair, as_of) for pair in await pairs.fetchall()]
    return found


def _difference(
    model: str, table: str, keys: Sequence[str], sides: Sequence[dict[str, Any] | None], at: str
) -> Difference:
    live, rebuilt = sides
    row = live or rebuilt or {}
    names = [n for n in row if (live or {}).get(n) != (rebuilt or {}).get(n)]
    if live is None:
        why = "the live table lacks the row"
    elif rebuilt is None:
        why = "the log knows nothing of the row"
    else:
        why = "the live row is not what the log says"
    return Difference(
        model,
        table,
        {k: row.get(k) for k in keys},
        {n: ((live or {}).get(n), (rebuilt or {}).get(n)) for n in names if n not in keys},
        f"{why}, {at}",
    )
