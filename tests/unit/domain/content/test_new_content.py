import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content import (
    BLOCK_TYPES,
    LIMITS,
    ContentInvalid,
    FieldError,
    changed_content,
    new_content,
)


def path_id(path: str) -> str:
    return f"id-{path}"


def errors_of(block_type: Any, raw: Any) -> list[FieldError]:
    with pytest.raises(ContentInvalid) as caught:
        new_content(block_type, raw, path_id)
    return caught.value.errors


def test_every_type_can_be_made_of_nothing() -> None:
    for block_type, model in BLOCK_TYPES.items():
        content = new_content(block_type, {}, path_id)
        assert list(content) == list(model.model_fields)
        assert json.loads(json.dumps(content)) == content


def test_the_types_are_those_of_the_contract() -> None:
    assert list(BLOCK_TYPES) == [
        *("slide", "heading", "text", "bullets", "image", "table"),
        *("chart", "code", "quote", "callout", "divider", "group"),
    ]


def test_entries_without_ids_get_them_by_their_paths() -> None:
    raw = {"items": [{"text": "a"}, {"id": "mine", "text": "b"}, {"text": "c"}]}

    content = new_content("bullets", raw, path_id)

    assert [item["id"] for item in content["items"]] == ["id-items.0", "mine", "id-items.2"]
    assert raw == {"items": [{"text": "a"}, {"id": "mine", "text": "b"}, {"text": "c"}]}


def test_tables_and_charts_get_ids_too() -> None:
    table = new_content("table", {"columns": [{"text": "x"}], "rows": [{"cells": ["1"]}]}, path_id)
    chart = new_content("chart", {"categories": ["a"], "series": [{"values": [None]}]}, path_id)

    assert (table["columns"][0]["id"], table["rows"][0]["id"]) == ("id-columns.0", "id-rows.0")
    assert chart["series"] == [{"id": "id-series.0", "name": "", "values": [None]}]


def test_an_unknown_type_is_told_the_known_ones() -> None:
    (error,) = errors_of("video", {})

    assert error.field == "type"
    assert all(name in error.message for name in BLOCK_TYPES)


@pytest.mark.parametrize("block_type", [None, [], 3, ""])
def test_a_type_that_is_no_name_is_unknown(block_type: Any) -> None:
    assert [error.field for error in errors_of(block_type, {})] == ["type"]


@pytest.mark.parametrize(
    ("block_type", "raw", "field", "words", "limit"),
    [
        ("text", {"text": "a" * 10_001}, "content.text", "at most 10,000 characters", 10_000),
        ("text", {"text": "a\0b"}, "content.text", "NUL", None),
        ("text", {"text": "a\ud800"}, "content.text", "surrogates", None),
        ("text", {"text": None}, "content.text", "must be a string", None),
        ("text", {"text": "a", "colour": "red"}, "content.colour", "known are: text", None),
        ("text", {"a\ud800": 1}, "content", "field name", None),
        ("text", {1: 2}, "content.1", "must be strings", None),
        ("text", {"bad\nname": 1}, r"content.bad\nname", "not a known field", None),
        ("divider", {"text": ""}, "content.text", "there are none", None),
        ("heading", {"level": 7}, "content.level", "at most 6", 6),
        ("heading", {"level": 0}, "content.level", "at least 1", 1),
        ("heading", {"level": True}, "content.level", "whole number", None),
        ("heading", {"level": 1.5}, "content.level", "whole number", None),
        ("bullets", {"items": [{}] * 101}, "content.items", "at most 100 entries", 100),
        ("bullets", {"items": None}, "content.items", "must be a list", None),
        ("bullets", {"items": ["a"]}, "content.items.0", "must be an object", None),
        ("bullets", {"items": [{"level": 9}]}, "content.items.0.level", "at most 8", 8),
        ("bullets", {"items": [{"id": ""}]}, "content.items.0.id", "at least 1 character", 1),
        ("bullets", {"items": [{"id": "i" * 65}]}, "content.items.0.id", "at most 64 characters", 64),
        ("bullets", {"items": [{"id": "a"}, {"id": "a"}]}, "content.items.1.id", "earlier entry", None),
        ("bullets", {"items": [{"text": "a" * 9_999}] * 7}, "content", "at most 65,536 bytes", 65_536),
        ("table", {"columns": [{}] * 21}, "content.columns", "at most 20 entries", 20),
        ("table", {"rows": [{"cells": []}] * 51}, "content.rows", "at most 50 entries", 50),
        ("table", {"rows": [{}]}, "content.rows.0.cells", "is required", None),
        ("table", {"columns": [{}], "rows": [{"cells": []}]}, "content.rows.0.cells", "1, not 0", None),
        ("chart", {"categories": ["a"] * 201}, "content.categories", "at most 200 entries", 200),
        ("chart", {"series": [{"values": []}] * 21}, "content.series", "at most 20 entries", 20),
        ("chart", {"series": [{"values": [1]}]}, "content.series.0.values", "0, not 1", None),
        (
            "chart",
            {"categories": ["a"], "series": [{"values": [math.inf]}]},
            "content.series.0.values.0",
            "finite",
            None,
        ),
        (
            "chart",
            {"categories": ["a"], "series": [{"values": [10**400]}]},
            "content.series.0.values.0",
            "number",
            None,
        ),
        (
            "chart",
            {"categories": ["a"], "series": [{"values": ["1"]}]},
            "content.series.0.values.0",
            "a number",
            None,
        ),
        ("chart", {"kind": "sankey"}, "content.kind", "'bar', 'column'", None),
        ("image", {"url": "javascript:alert(1)"}, "content.url", "http", None),
        ("image", {"url": "\x01javascript:alert(1)"}, "content.url", "control characters", None),
        ("image", {"url": "h" * 2_049}, "content.url", "at most 2,048", 2_048),
        ("slide", {"background": "red;position:fixed"}, "content.background", "#rrggbb", None),
        ("slide", {"notes": "\x01" * 10_000, "title": "€" * 10_000}, "content", "65,536 bytes", 65_536),
        ("text", [], "content", "must be an object", None),
    ],
)
def test_what_is_wrong_is_named_with_its_limit(
    block_type: str, raw: Any, field: str, words: str, limit: int | None
) -> None:
    (error,) = errors_of(block_type, raw)

    assert (error.field, error.limit) == (field, limit)
    assert words in error.message
    assert "Input should" not in error.message


def test_errors_are_listed_together_but_not_without_end() -> None:
    assert [error.field for error in errors_of("heading", {"text": 1, "level": "x"})] == [
        "content.text",
        "content.level",
    ]
    assert len(errors_of("text", {f"field{n}": 1 for n in range(1_000)})) == 50


def test_what_is_at_its_limit_is_taken() -> None:
    wide = {"columns": [{}] * 20, "rows": [{"cells": ["x"] * 20}] * 50}
    full = {"categories": ["c"] * 200, "series": [{"values": [0.5] * 200}] * 20}

    assert len(new_content("text", {"text": "\x01" * 10_000}, path_id)["text"]) == LIMITS.TEXT
    assert len(new_content("bullets", {"items": [{}] * 100}, path_id)["items"]) == LIMITS.BULLETS
    assert len(new_content("table", wide, path_id)["rows"]) == LIMITS.TABLE_ROWS
    assert len(new_content("chart", full, path_id)["series"]) == LIMITS.CHART_SERIES


@pytest.mark.parametrize(
    "background", ["#fff", "#00ff0080", "navy", "asset:a1-b2", "https://example.org/x.png"]
)
def test_backgrounds_that_a_slide_can_have(background: str) -> None:
    assert new_content("slide", {"background": background}, path_id)["background"] == background


def test_a_change_replaces_the_named_fields_alone() -> None:
    current = new_content("heading", {"text": "old", "level": 3}, path_id)

    assert changed_content("heading", current, {"text": "new"}, path_id) == {"text": "new", "level": 3}
    assert current == {"text": "old", "level": 3}


@pytest.mark.parametrize(
    ("changes", "field"),
    [({}, "changes"), ({"txt": "a"}, "changes.txt"), ({"text": 1}, "changes.text"), ("text", "changes")],
)
def test_a_wrong_change_is_refused(changes: Any, field: str) -> None:
    with pytest.raises(ContentInvalid) as caught:
        changed_content("text", {"text": "old"}, changes, path_id)

    assert [error.field for error in caught.value.errors] == [field]


def test_a_change_that_leaves_the_rest_unfit_is_refused() -> None:
    current = new_content("chart", {"categories": ["a"], "series": [{"values": [1]}]}, path_id)

    with pytest.raises(ContentInvalid) as caught:
        changed_content("chart", current, {"categories": ["a", "b"]}, path_id)

    assert caught.value.errors[0].field == "changes.series.0.values"


def test_a_changed_list_shares_nothing_with_what_came() -> None:
    items = [{"id": "a", "text": "x"}]
    changed = changed_content("bullets", {"items": []}, {"items": items}, path_id)

    items[0]["text"] = "y"

    assert changed["items"] == [{"id": "a", "text": "x", "level": 0}]


def outcome(block_type: str, raw: dict[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    try:
        return new_content(block_type, raw, path_id), []
    except ContentInvalid as invalid:
        return {}, invalid.errors


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("a\0\ud800\u20ac ", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("idtex", max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
field_names = st.sampled_from(sorted({name for model in BLOCK_TYPES.values() for name in model.model_fields}))


@given(st.sampled_from(sorted(BLOCK_TYPES)), st.dictionaries(field_names, json_values, max_size=3))
def test_any_json_is_either_made_whole_or_refused_by_field(block_type: str, raw: dict[str, Any]) -> None:
    content, errors = outcome(block_type, raw)

    if errors:
        assert {error.field.split(".")[0] for error in errors} == {"content"}
    else:
        assert new_content(block_type, content, path_id) == content
        assert raw.keys() <= content.keys()
        assert "\\u0000" not in json.dumps(content, allow_nan=False)


@given(
    st.lists(
        st.tuples(st.sampled_from('a\x01\n"\\\u00e9\u20ac\U0001f600'), st.integers(0, 10_000)), max_size=12
    )
)
def test_no_content_is_larger_than_64_kib(runs: list[tuple[str, int]]) -> None:
    raw = {"items": [{"text": character * length} for character, length in runs]}
    content, errors = outcome("bullets", raw)

    if errors:
        assert [error.limit for error in errors] == [LIMITS.BLOCK_BYTES]
    else:
        size = len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
        assert size <= LIMITS.BLOCK_BYTES
