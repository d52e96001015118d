"""What is recorded of a clash, what is left out, and what would be too large."""

from typing import Any

import pytest

from domain.content import BLOCK_TYPES, LIMITS, new_content
from domain.merge import Clash, Merged, merge_content, merge_text
from domain.merge.content import _ENTRIES, _TEXTS
from domain.merge.diff import STEPS
from domain.merge.weighing import Weighing

Content = dict[str, Any]


def items(*entries: str) -> list[Content]:
    return [{"id": entry, "text": entry, "level": 0} for entry in entries]


def wide(*columns: str, rows: int = 1, cell: str = "") -> Content:
    return {
        "columns": [{"id": column, "text": column} for column in columns],
        "rows": [{"id": f"r{n}", "cells": [cell] * len(columns)} for n in range(rows)],
    }


def test_what_is_named_by_field_exists() -> None:
    for named in (_TEXTS, _ENTRIES):
        for block_type, fields in named.items():
            assert set(fields) <= set(BLOCK_TYPES[block_type].model_fields)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(KeyError):
        merge_content("video", {}, {}, {}, winner="mine")


def test_what_is_left_out_is_as_the_default() -> None:
    merged = merge_content(
        "heading", {"text": "a b"}, {"text": "a c", "level": 2}, {"level": 3, "text": "a b"}, winner="mine"
    )

    assert merged == Merged({"text": "a c", "level": 3}, (), combined=True)


def test_a_record_holds_whole_values() -> None:
    merged = merge_content(
        "text", {"text": "one two"}, {"text": "one 2"}, {"text": "one zwei"}, winner="theirs"
    )

    assert merged == Merged(
        {"text": "one 2"}, (Clash("text", None, None, "one two", "one 2", "one zwei"),), combined=False
    )


def test_records_come_in_the_order_of_the_content() -> None:
    base: Content = {"items": items("a", "b", "c")}
    theirs = {"items": [base["items"][2] | {"level": 1}, base["items"][1] | {"text": "x"}, base["items"][0]]}
    mine = {"items": [base["items"][1] | {"text": "y"}, base["items"][0], base["items"][2] | {"level": 2}]}

    merged = merge_content("bullets", base, theirs, mine, winner="mine")

    assert merged.content == mine
    assert [(clash.item, clash.part) for clash in merged.clashes] == [
        ("b", "text"),
        ("c", "level"),
        (None, "order"),
    ]
    assert merged.clashes[2] == Clash(
        "items", None, "order", ["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]
    )


def test_a_deleted_entry_is_recorded_as_absent() -> None:
    edited = {"id": "a", "text": "new", "level": 0}
    base, theirs = {"items": items("a")}, {"items": [edited]}
    mine: Content = {"items": []}

    merged = merge_content("bullets", base, theirs, mine, winner="mine")

    assert merged == Merged(mine, (Clash("items", "a", None, items("a")[0], edited, None),), combined=False)


def test_a_deleted_column_is_recorded_with_its_cells() -> None:
    base, theirs, mine = wide("a", "b"), wide("a"), wide("a", "b", cell="x")

    merged = merge_content("table", base, theirs, mine, winner="theirs")

    assert merged.content == wide("a", cell="x")
    (clash,) = merged.clashes
    assert clash == Clash(
        "columns",
        "b",
        None,
        {"id": "b", "text": "b", "cells": {"r0": ""}},
        None,
        {"id": "b", "text": "b", "cells": {"r0": "x"}},
    )


def test_a_deleted_row_is_recorded_by_columns() -> None:
    merged = merge_content(
        "table", wide("a", "b"), wide("a", "b", cell="x"), wide("a", "b", rows=0), winner="mine"
    )

    assert merged.clashes == (
        Clash(
            "rows",
            "r0",
            None,
            {"id": "r0", "cells": {"a": "", "b": ""}},
            {"id": "r0", "cells": {"a": "x", "b": "x"}},
            None,
        ),
    )


def chart(categories: str, *values: float | None) -> Content:
    return {
        "kind": "bar",
        "categories": list(categories),
        "series": [{"id": "s", "name": "S", "values": list(values)}],
    }


def test_values_are_recorded_in_the_order_of_what_is_merged() -> None:
    merged = merge_content(
        "chart", chart("ab", 1, 2), chart("xab", 0, 3, 2), chart("ab", 4, 2), winner="mine"
    )

    assert merged.content == chart("xab", 0, 4, 2)
    assert merged.clashes == (Clash("series", "s", "values", [None, 1, 2], [0, 3, 2], [None, 4, 2]),)


def test_a_deleted_category_is_recorded_with_its_values() -> None:
    merged = merge_content("chart", chart("ab", 1, 2), chart("b", 2), chart("ab", 9, 2), winner="theirs")

    assert merged.content == chart("b", 2)
    assert merged.clashes == (
        Clash(
            "categories",
            "a",
            None,
            {"text": "a", "values": {"s": 1}},
            None,
            {"text": "a", "values": {"s": 9}},
        ),
    )


def test_both_may_add_what_has_the_same_id() -> None:
    base: Content = {"items": []}
    theirs, mine = ({"items": [{"id": "n", "text": "same", "level": level}]} for level in (0, 1))

    merged = merge_content("bullets", base, theirs, mine, winner="theirs")

    assert merged == Merged(theirs, (Clash("items", "n", "level", None, 0, 1),), combined=False)


@pytest.mark.parametrize(
    ("block_type", "field", "base", "theirs", "mine"),
    [
        (
            "bullets",
            "items",
            {"items": items("a")},
            {"items": items("a", *(f"t{n}" for n in range(LIMITS.BULLETS // 2)))},
            {"items": items("a", *(f"m{n}" for n in range(LIMITS.BULLETS // 2)))},
        ),
        (
            "table",
            "columns",
            wide("a"),
            wide("a", *(f"t{n}" for n in range(LIMITS.TABLE_COLUMNS - 1))),
            wide("a", "m"),
        ),
        (
            "chart",
            "series",
            chart("ab", 1, 2),
            chart("ab", 1, 2)
            | {"series": [{"id": f"t{n}", "name": "", "values": [0, 0]} for n in range(LIMITS.CHART_SERIES)]},
            chart("ab", 1, 2) | {"series": [{"id": "m", "name": "", "values": [0, 0]}]},
        ),
    ],
)
def test_lists_too_long_together_clash(
    block_type: str, field: str, base: Content, theirs: Content, mine: Content
) -> None:
    for content in (theirs, mine):
        new_content(block_type, content, str)

    merged = merge_content(block_type, base, theirs, mine, winner="mine")

    assert (merged.content, merged.combined) == (mine, False)
    assert Clash(field, None, None, base[field], theirs[field], mine[field]) in merged.clashes
    assert merge_content(block_type, base, theirs, mine, winner="theirs").content == theirs


def test_too_many_rows_together_clash() -> None:
    base, mine = wide("a", rows=1), wide("a", rows=LIMITS.TABLE_ROWS)
    theirs = wide("a", rows=1)
    theirs["rows"].append({"id": "t", "cells": ["t"]})

    merged = merge_content("table", base, theirs, mine, winner="theirs")

    assert merged.content == theirs
    assert [clash.field for clash in merged.clashes] == ["rows"]


def test_too_many_bytes_together_clash() -> None:
    long = "\u0001" * (LIMITS.BLOCK_BYTES // 6 // 2 + 100)
    base: Content = {"layout": "content", "title": "", "notes": "", "background": None}

    merged = merge_content("slide", base, base | {"title": long}, base | {"notes": long}, winner="mine")

    assert merged.content == base | {"notes": long}
    assert merged.clashes == (
        Clash("title", None, None, "", long, ""),
        Clash("notes", None, None, "", "", long),
    )


def test_the_texts_of_a_content_share_one_bound() -> None:
    weighing = Weighing("mine")
    left = []
    for _ in range(2):
        weighing.weigh("words", "a b c d e", "b a d c e", "a b c e d")
        left.append(weighing.work.left)

    assert STEPS - left[0] == left[0] - left[1] > 0


def test_a_merge_is_the_same_each_time() -> None:
    base, theirs, mine = "a b c d e f", "b a c e d f", "a c b d f e"
    assert len({merge_text(base, theirs, mine, winner="mine") for _ in range(20)}) == 1
