from typing import Any

import pytest

from domain.content import new_content, plain_text


@pytest.mark.parametrize(
    ("block_type", "raw", "text"),
    [
        ("slide", {"title": "Title", "notes": "secret"}, "Title"),
        ("heading", {"text": "a **b** `c_d_e`"}, "a b c_d_e"),
        (
            "text",
            {"text": r"[link](https://example.org) 2 * 3 * 4 \*x\* snake_case_name"},
            "link 2 * 3 * 4 *x* snake_case_name",
        ),
        ("bullets", {"items": [{"text": "one"}, {"text": "~~two~~"}]}, "one\ntwo"),
        (
            "table",
            {"columns": [{"text": "x"}, {"text": "y"}], "rows": [{"cells": ["1", "2"]}]},
            "x | y\n1 | 2",
        ),
        ("chart", {"categories": ["q"], "series": [{"name": "s", "values": [1.5]}]}, "q\ns: 1.5"),
        ("image", {"alt": "alt", "caption": "cap"}, "cap"),
        ("code", {"text": "a = **b"}, "a = **b"),
        ("quote", {"text": "said", "by": "Ada"}, "said\nAda"),
        ("divider", {}, ""),
    ],
)
def test_plain_text_is_what_a_reader_sees(block_type: str, raw: dict[str, Any], text: str) -> None:
    assert plain_text(block_type, new_content(block_type, raw, str)) == text


def test_plain_text_of_an_unknown_type_is_empty() -> None:
    assert plain_text("video", {"text": "a"}) == ""
