from typing import Any, NamedTuple

from projections.tables import Table

TABLE = Table("some_rows", 2, "a uuid, b text, c json, d json?, e int")


class Row(NamedTuple):
    a: str
    b: str
    c: Any
    d: Any
    e: int | None


ROWS = [Row("1", "x", {"k": 1}, None, 7), Row("2", "y", None, [1], None)]


def test_rows_are_written_by_columns_and_copied_by_rows() -> None:
    assert TABLE.values(ROWS) == [["1", "2"], ["x", "y"], ['{"k":1}', "null"], [None, "[1]"], [7, None]]
    assert TABLE.tuples(ROWS) == [("1", "x", '{"k":1}', None, 7), ("2", "y", "null", "[1]", None)]


def test_what_a_row_is_found_by_is_not_replaced() -> None:
    assert TABLE.upsert == (
        "insert into some_rows (a, b, c, d, e) select a, b, c::json, d::json, e"
        " from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::int[]) as n (a, b, c, d, e)"
        " on conflict (a, b) do update set c = excluded.c, d = excluded.d, e = excluded.e"
    )
    assert TABLE.qualified("t") == "t.a, t.b, t.c, t.d, t.e"
