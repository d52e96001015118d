"""What holds for any two edits of any content."""

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from domain.content import BLOCK_TYPES, new_content
from domain.merge import Clash, Merged, Side, merge_content
from domain.merge.tokens import tokens

WORDS = ["a", "a", "b", "c", "Dd.", "Dd.", "e!", "Ünï", "e\u0301", "👩\u200d💻", "שלום", "100"]
SPACES = [" ", " ", " ", " ", " ", "\n", "\r\n", "\u00a0", "  ", "\n\n"]
LETTERS = ["我", "你", "好", "。", "か\u3099", "ก\u0e34"]
PLACES = st.integers(0, 30)
word = st.sampled_from(WORDS)
space = st.sampled_from(SPACES)
piece = st.one_of(
    st.builds(str.__add__, word, space), st.builds(str.__add__, word, space), st.sampled_from(LETTERS)
)
end = st.sampled_from(["", "a", "z."])


def texts_of(least: int, most: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda pieces, last: "".join(pieces) + last, st.lists(piece, min_size=least, max_size=most), end
    )


text = st.one_of(texts_of(0, 3), texts_of(4, 12))
number = st.sampled_from([None, 0.0, 1.0, 2.5, -3.0])


def take(source: list[Any], at: int) -> Any:
    return source.pop(at % len(source)) if source else None


DEEDS = ["insert", "insert", "replace", "replace", "remove", "append", "move", "anew"]


@st.composite
def edited_text(draw: st.DrawFn, before: str) -> str:
    """Some words away, changed, moved, put in: as people edit."""
    pieces = re.findall(r"\s+|[^\s我你好。かก]+|.[\u3099\u0e34]?", before, re.DOTALL)
    for do in draw(st.lists(st.sampled_from(DEEDS), min_size=1, max_size=4)):
        at = draw(PLACES) % (len(pieces) + 1)
        match do:
            case "insert":
                pieces.insert(at, draw(piece))
            case "append":
                pieces.append(" " + draw(text))
            case "replace":
                pieces[at : at + 1] = [draw(word)]
            case "remove":
                del pieces[at : at + draw(st.integers(1, 3))]
            case "anew":
                pieces = [draw(text)]
            case _:
                if pieces:
                    pieces.insert(at, take(pieces, draw(PLACES)))
    return "".join(pieces)


@st.composite
def edited_items(
    draw: st.DrawFn, items: list[dict[str, Any]], new: st.SearchStrategy[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Entries away, moved, put in; ids come from few, so that both sides may add the same."""
    items = list(items)
    for do in draw(st.lists(st.sampled_from(["add", "remove", "move"]), max_size=3)):
        at = draw(PLACES) % (len(items) + 1)
        match do:
            case "add":
                item = draw(new)
                if all(other["id"] != item["id"] for other in items):
                    items.insert(at, item)
            case "remove":
                take(items, at)
            case _:
                if items:
                    items.insert(at, take(items, draw(PLACES)))
    return items


ids = st.sampled_from([f"i{n}" for n in range(12)])
bullet = st.fixed_dictionaries({"id": ids, "text": text, "level": st.integers(0, 3)})
column = st.fixed_dictionaries({"id": ids, "text": text})


def unique(entry: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(entry, max_size=most, unique_by=lambda item: item["id"])


@st.composite
def edited_table(draw: st.DrawFn, table: dict[str, Any]) -> dict[str, Any]:
    columns = [
        {**c, "text": draw(maybe(edited_text(c["text"]), c["text"]))}
        for c in draw(edited_items(table["columns"], column))
    ]
    before = [c["id"] for c in table["columns"]]
    rows = []
    for row in draw(edited_items(table["rows"], st.fixed_dictionaries({"id": ids}))):
        cells = dict(zip(before, row.get("cells", ()), strict=False))
        filled = [
            draw(maybe(text, ""))
            if c["id"] not in cells
            else draw(maybe(edited_text(cells[c["id"]]), cells[c["id"]]))
            for c in columns
        ]
        rows.append({"id": row["id"], "cells": filled})
    return {"columns": columns, "rows": rows}


@st.composite
def edited_chart(draw: st.DrawFn, chart: dict[str, Any]) -> dict[str, Any]:
    labels = list(enumerate(chart["categories"]))
    for do in draw(st.lists(st.sampled_from(["add", "remove", "move", "rename"]), max_size=2)):
        at = draw(PLACES) % (len(labels) + 1)
        if do == "add":
            labels.insert(at, (-1, draw(text)))
        elif do == "remove":
            take(labels, at)
        elif labels and do == "move":
            labels.insert(at, take(labels, draw(PLACES)))
        elif at < len(labels):
            labels[at] = (labels[at][0], draw(text))
    series = []
    for one in draw(edited_items(chart["series"], st.fixed_dictionaries({"id": ids}))):
        old = one.get("values", ())
        values = [draw(number) if n < 0 or n >= len(old) else draw(maybe(number, old[n])) for n, _ in labels]
        series.append(
            {
                "id": one["id"],
                "name": draw(maybe(edited_text(one.get("name", "")), one.get("name", ""))),
                "values": values,
            }
        )
    kind = draw(maybe(st.sampled_from(["bar", "line", "pie"]), chart["kind"]))
    return {"kind": kind, "categories": [label for _, label in labels], "series": series}


def often(changed: st.SearchStrategy[Any], same: Any) -> st.SearchStrategy[Any]:
    return st.one_of(changed, changed, changed, st.just(same))


def maybe(changed: st.SearchStrategy[Any], same: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(same), st.just(same), changed)


@st.composite
def new_table(draw: st.DrawFn) -> dict[str, Any]:
    columns = draw(unique(column))
    cells = st.lists(text, min_size=len(columns), max_size=len(columns))
    return {"columns": columns, "rows": draw(unique(st.fixed_dictionaries({"id": ids, "cells": cells})))}


@st.composite
def new_chart(draw: st.DrawFn) -> dict[str, Any]:
    labels = draw(st.lists(st.one_of(text, st.sampled_from(["Q1", "Q2", "Q3"])), max_size=4))
    values = st.lists(number, min_size=len(labels), max_size=len(labels))
    series = st.fixed_dictionaries({"id": ids, "name": text, "values": values})
    return {"kind": "bar", "categories": labels, "series": draw(unique(series, 3))}


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "layout": st.sampled_from(["title", "content", "blank"]),
    "background": st.sampled_from([None, "#fff", "red"]),
    "asset_id": st.sampled_from([None, "one", "two"]),
    "url": st.sampled_from([None, "/a.png", "/b.png"]),
    "fit": st.sampled_from(["contain", "cover", "fill"]),
    "level": st.integers(1, 3),
    "language": st.sampled_from(["", "py", "js"]),
    "tone": st.sampled_from(["info", "tip", "danger"]),
    "direction": st.sampled_from(["row", "column"]),
}


def new(block_type: str) -> st.SearchStrategy[dict[str, Any]]:
    match block_type:
        case "bullets":
            return st.fixed_dictionaries({"items": unique(bullet, 5)})
        case "table":
            return new_table()
        case "chart":
            return new_chart()
        case _:
            fields = BLOCK_TYPES[block_type].model_fields
            return st.fixed_dictionaries({name: SCALARS.get(name, text) for name in fields})


@st.composite
def edited(draw: st.DrawFn, block_type: str, content: dict[str, Any]) -> dict[str, Any]:
    match block_type:
        case "bullets":
            items = draw(edited_items(content["items"], bullet))
            return {
                "items": [
                    {
                        "id": item["id"],
                        "text": draw(maybe(edited_text(item["text"]), item["text"])),
                        "level": draw(maybe(st.integers(0, 3), item["level"])),
                    }
                    for item in items
                ]
            }
        case "table":
            return draw(edited_table(content))
        case "chart":
            return draw(edited_chart(content))
        case _:
            return {
                name: draw(
                    maybe(SCALARS[name], value) if name in SCALARS else often(edited_text(value), value)
                )
                for name, value in content.items()
            }


@st.composite
def three(draw: st.DrawFn, block_type: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    base = draw(new(block_type))
    return base, draw(edited(block_type, base)), draw(edited(block_type, base))


def no_id(path: str) -> str:
    raise AssertionError(f"{path} has an id")


def checked(block_type: str, *contents: dict[str, Any], winner: Side) -> Merged:
    before = deepcopy(contents)
    merged = merge_content(block_type, *contents, winner=winner)
    assert contents == before
    assert new_content(block_type, merged.content, no_id) == merged.content
    assert list(merged.content) == list(BLOCK_TYPES[block_type].model_fields)
    return merged


def texts(value: Any) -> Iterator[str]:
    """All texts that a person wrote; ids and settings are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in {"id", *SCALARS, "kind"}:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def words(value: Any) -> Counter[str]:
    return Counter(word for text in texts(value) for word in tokens(text, "words").words if word)


def numbers(value: Any) -> Counter[float]:
    """All values of charts."""
    if isinstance(value, float):
        return Counter([value])
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum((numbers(each) for each in inner), Counter())


def recorded(clashes: tuple[Clash, ...], side: Side) -> Counter[str]:
    return words([getattr(clash, side) for clash in clashes if clash.part not in {"order", "level"}])


ALL = pytest.mark.parametrize("block_type", list(BLOCK_TYPES))


@ALL
@given(data=st.data())
def test_merging_nothing_changes_nothing(block_type: str, data: st.DataObject) -> None:
    base, theirs, mine = data.draw(three(block_type))
    for winner in ("mine", "theirs"):
        assert checked(block_type, base, base, mine, winner=winner) == Merged(mine, (), combined=False)
        assert checked(block_type, base, theirs, base, winner=winner) == Merged(theirs, (), combined=False)
        assert checked(block_type, base, mine, mine, winner=winner) == Merged(mine, (), combined=False)


@ALL
@given(data=st.data())
def test_who_is_who_makes_no_difference_unless_edits_clash(block_type: str, data: st.DataObject) -> None:
    base, theirs, mine = data.draw(three(block_type))

    merged = checked(block_type, base, theirs, mine, winner="mine")
    turned = checked(block_type, base, mine, theirs, winner="theirs")
    other = checked(block_type, base, theirs, mine, winner="theirs")

    event(f"clashes: {bool(merged.clashes)}, combined: {merged.combined}")
    assert turned.content == merged.content
    assert [(c.theirs, c.mine) for c in turned.clashes] == [(c.mine, c.theirs) for c in merged.clashes]
    assert bool(other.clashes) == bool(merged.clashes)
    if not merged.clashes:
        assert other == merged
    assert merged.combined == (merged.content not in (theirs, mine))
    for clash in merged.clashes:
        assert clash.theirs != clash.mine
        assert clash.base not in (clash.theirs, clash.mine) or clash.part is None
    keys = [(clash.field, clash.item, clash.part) for clash in merged.clashes]
    if block_type != "chart":
        assert len(set(keys)) == len(keys)


@ALL
@given(data=st.data(), winner=st.sampled_from(["mine", "theirs"]))
def test_no_word_is_lost(block_type: str, data: st.DataObject, winner: Side) -> None:
    base, theirs, mine = data.draw(three(block_type))
    merged = checked(block_type, base, theirs, mine, winner=winner)
    there = words(merged.content)
    for side, content in (("theirs", theirs), ("mine", mine)):
        lost = words(content) - words(base) - there - recorded(merged.clashes, side)  # type: ignore[arg-type]
        assert not lost, (side, merged)
        record = numbers([getattr(clash, side) for clash in merged.clashes])
        assert not numbers(content) - numbers(base) - numbers(merged.content) - record, (side, merged)


@ALL
@given(data=st.data())
def test_the_winner_loses_nothing_at_all(block_type: str, data: st.DataObject) -> None:
    base, theirs, mine = data.draw(three(block_type))
    sides: tuple[tuple[Side, dict[str, Any]], ...] = (("mine", mine), ("theirs", theirs))
    for winner, content in sides:
        merged = checked(block_type, base, theirs, mine, winner=winner)
        assert not words(content) - words(base) - words(merged.content)
        assert not numbers(content) - numbers(base) - numbers(merged.content)
