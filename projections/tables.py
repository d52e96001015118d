"""Read tables as their rows are written: in one statement however many rows, or copied where all are new."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

# Of JSON, `json` keeps None as null, and `json?` as no value at all.
_JSON, _NO_JSON = "json", "json?"


class Table:
    """A read table.

    Args:
        name: of the table, without a schema.
        key: how many columns, the first ones, a row is found by.
        columns: each column's name and type, as in `"project_id uuid, title text"`; rows have attributes of
            these names.
    """

    def __init__(self, name: str, key: int, columns: str) -> None:
        pairs = [column.split() for column in columns.split(",")]
        self.name = name
        self.names = tuple(pair[0] for pair in pairs)
        self.columns = ", ".join(self.names)
        self._key = self.names[:key]
        self._types = tuple(pair[1] for pair in pairs)
        # The type of each column's values as `values` returns them: JSON is text.
        self.kinds = tuple("text" if kind in {_JSON, _NO_JSON} else kind for kind in self._types)
        self.upsert = self._upsert()

    def qualified(self, alias: str) -> str:
        """Return the columns, of a table by another name."""
        return ", ".join(f"{alias}.{name}" for name in self.names)

    def values(self, rows: Iterable[Any]) -> list[list[Any]]:
        """Return the values of each column, as `upsert` takes them."""
        found = list(rows)
        return [self._column(*pair, found) for pair in zip(self.names, self._types, strict=True)]

    def tuples(self, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the values of each row, as they are copied."""
        return list(zip(*self.values(rows), strict=True))

    @staticmethod
    def _column(name: str, kind: str, rows: Sequence[Any]) -> list[Any]:
        found = [getattr(row, name) for row in rows]
        if kind not in {_JSON, _NO_JSON}:
            return found
        return [orjson.dumps(v).decode() if v is not None or kind == _JSON else None for v in found]

    def _upsert(self) -> str:
        given, taken = [], []
        for name, kind, shown in zip(self.names, self._types, self.kinds, strict=True):
            given.append(f"%s::{shown}[]")
            taken.append(f"{name}::json" if kind in {_JSON, _NO_JSON} else name)
        rest = [f"{name} = excluded.{name}" for name in self.names if name not in self._key]
        return (
            f"insert into {self.name} ({self.columns}) select {', '.join(taken)}"  # noqa: S608 - constants
            f" from unnest({', '.join(given)}) as n ({self.columns})"
            f" on conflict ({', '.join(self._key)}) do update set {', '.join(rest)}"
        )
