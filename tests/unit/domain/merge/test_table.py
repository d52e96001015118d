"""What becomes of two edits of one block, row by row.

Each row: what the block held, what she made of it, what he made of it at the same time, and what it holds then.
He was the last to save, so his stands where both cannot be had; her words are then in the conflict's record.
A conflict is told as `field`, `field/item` or `field/item/part`.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest

from domain.content import BLOCK_TYPES, new_content
from domain.merge import Clash, merge_content


class Case(NamedTuple):
    says: str
    kind: str
    base: dict[str, Any]
    hers: dict[str, Any]
    his: dict[str, Any]
    result: dict[str, Any]
    conflicts: tuple[str, ...] = ()


def case(says: str, kind: str, contents: Iterable[dict[str, Any]], conflicts: tuple[str, ...]) -> Case:
    base, hers, his, result = contents
    return Case(says, kind, base, hers, his, result, conflicts)


def text(says: str, base: str, hers: str, his: str, result: str, *conflicts: str) -> Case:
    contents = ({"text": value} for value in (base, hers, his, result))
    return case(says, "text", contents, conflicts)


def code(says: str, base: str, hers: str, his: str, result: str, *conflicts: str) -> Case:
    contents = ({"language": "py", "text": value} for value in (base, hers, his, result))
    return case(says, "code", contents, conflicts)


def bullets(says: str, base: str, hers: str, his: str, result: str, *conflicts: str) -> Case:
    """`1 Milk; 2 >Eggs`: the id, a `>` for each level, the text."""
    contents = (
        {"items": [_bullet(item) for item in value.split("; ") if item]}
        for value in (base, hers, his, result)
    )
    return case(says, "bullets", contents, conflicts)


def _bullet(item: str) -> dict[str, Any]:
    key, _, words = item.partition(" ")
    return {"id": key, "text": words.lstrip(">"), "level": words.count(">")}


def table(says: str, base: str, hers: str, his: str, result: str, *conflicts: str) -> Case:
    """`A Name, B Age; 1 Ann, 30`: columns with their ids, then rows with theirs."""
    return case(says, "table", (_table(value) for value in (base, hers, his, result)), conflicts)


def _table(value: str) -> dict[str, Any]:
    head, *rows = value.split("; ")
    columns = [dict(zip(("id", "text"), one.split(" ", 1), strict=True)) for one in head.split(", ")]
    return {
        "columns": columns,
        "rows": [{"id": row[0], "cells": [cell.strip() for cell in row[2:].split(",")]} for row in rows],
    }


def chart(says: str, base: str, hers: str, his: str, result: str, *conflicts: str) -> Case:
    """`Q1, Q2; s Sales 1 2`: categories, then series with id, name and values."""
    return case(says, "chart", (_chart(value) for value in (base, hers, his, result)), conflicts)


def _chart(value: str) -> dict[str, Any]:
    head, *series = value.split("; ")
    categories = head.split(", ")
    return {
        "kind": "bar",
        "categories": categories,
        "series": [
            {"id": key, "name": name, "values": [None if v == "-" else float(v) for v in values]}
            for key, name, *values in (one.split(" ") for one in series)
        ],
    }


TWO = "A Name, B Age; 1 Ann, 30; 2 Bob, 40"
SALES = "Q1, Q2, Q3; s Sales 1 2 3"
SLIDE = {"layout": "content", "title": "Our year", "notes": "Speak slowly.", "background": None}
IMAGE = {"asset_id": "a", "url": None, "alt": "A dog", "fit": "contain", "caption": "Our dog Rex"}

CASES = [
    text("She changes one word, he another", "We sold ten cars", "We bought ten cars", "We sold ten boats", "We bought ten boats"),
    text("They change neighbouring words", "a quick brown fox", "a fast brown fox", "a quick red fox", "a fast red fox"),
    text("Both correct the same word alike", "teh fox", "the fox", "the fox", "the fox"),
    text("Both change the same word, differently", "We sold ten cars", "We sold nine cars", "We sold eleven cars", "We sold eleven cars", "text"),
    text("One word in conflict leaves other changes alone", "We sold ten cars in May", "We sold nine cars in June", "They sold eight cars in May", "They sold eight cars in June", "text"),
    text("Each appends a sentence", "We grew.", "We grew. Sales rose.", "We grew. Costs fell.", "We grew. Costs fell. Sales rose."),
    text("Each appends a paragraph", "We grew", "We grew\n\nSales rose", "We grew\n\nCosts fell", "We grew\n\nCosts fell\n\nSales rose"),
    text("Each puts a sentence in front", "We grew.", "Good news. We grew.", "A fine year. We grew.", "A fine year. Good news. We grew."),
    text("Both append the same sentence", "We grew.", "We grew. Thanks.", "We grew. Thanks.", "We grew. Thanks."),
    text("He appends what she does, and more", "We grew.", "We grew. Thanks.", "We grew. Thanks. Bye.", "We grew. Thanks. Bye."),
    text("Each puts another word at the same place", "The cat sat", "The big cat sat", "The small cat sat", "The small cat sat", "text"),
    text("Each completes the same phrase", "Revenue", "Revenue 2024", "Revenue 2025", "Revenue 2025", "text"),
    text("She rewrites a sentence, he appends one", "It is bad. Sorry.", "All is very well. Sorry.", "It is bad. Sorry. Bye.", "All is very well. Sorry. Bye."),
    text("She deletes a sentence, he appends one", "One. Two. Three.", "One. Three.", "One. Two. Three. Four.", "One. Three. Four."),
    text("She deletes a sentence that he edits", "One. Two is here. Three.", "One. Three.", "One. Two is there. Three.", "One. Two is there. Three.", "text"),
    text("Each deletes another word", "a b c d", "a c d", "a b c", "a c"),
    text("They delete words that overlap", "a b c d e", "a d e", "a b e", "a e"),
    text("Both write into an empty block", "", "Hello", "Welcome", "Welcome", "text"),
    text("She breaks a line, he changes the word before it", "one two three", "one two\nthree", "one 2 three", "one 2\nthree"),
    text("She deletes all, he edits", "one two three", "", "one 2 three", "one 2 three", "text"),
    text("Both rewrite everything", "one two three", "a quite new text", "something else here", "something else here", "text"),
    text("A word that a rewriting has in common by chance makes no salad", "one two three the four five six", "uno dos tres the quatro cinco seis", "one two three the four FIVE six", "one two three the four FIVE six", "text"),
    text("Both begin an empty block with a sentence", "", "Hello.\n", "Welcome.\n", "Welcome.\n", "text"),
    text("Chinese: words of different letters", "我们卖车。", "我们卖船。", "你们卖车。", "你们卖船。"),
    code("Each edits another line", "a = 1\nb = 2\n", "a = 3\nb = 2\n", "a = 1\nb = 4\n", "a = 3\nb = 4\n"),
    code("Both edit the same line", "f(a, b)\n", "f(c, b)\n", "f(a, d)\n", "f(a, d)\n", "text"),
    code("Each adds a line at the end", "a = 1", "a = 1\nb = 2", "a = 1\nc = 3", "a = 1\nb = 2\nc = 3"),
    Case("She names the language, he edits the code", "code", {"language": "", "text": "x = 1"}, {"language": "py", "text": "x = 1"}, {"language": "", "text": "x = 2"}, {"language": "py", "text": "x = 2"}),
    Case("Different fields of a slide", "slide", SLIDE, SLIDE | {"layout": "title", "notes": "Speak loudly."}, SLIDE | {"title": "Our best year"}, SLIDE | {"layout": "title", "notes": "Speak loudly.", "title": "Our best year"}),
    Case("Two layouts and two backgrounds", "slide", SLIDE, SLIDE | {"layout": "title", "background": "red"}, SLIDE | {"layout": "quote", "background": "blue"}, SLIDE | {"layout": "quote", "background": "blue"}, ("layout", "background")),
    Case("Both write notes", "slide", SLIDE, SLIDE | {"notes": "Speak slowly. Smile."}, SLIDE | {"notes": "Speak slowly. Drink."}, SLIDE | {"notes": "Speak slowly. Drink. Smile."}),
    Case("She changes a heading's level, he its text", "heading", {"text": "Plan", "level": 2}, {"text": "Plan", "level": 1}, {"text": "Plans", "level": 2}, {"text": "Plans", "level": 1}),
    Case("Two levels of a heading", "heading", {"text": "Plan", "level": 2}, {"text": "Plan", "level": 1}, {"text": "Plan", "level": 3}, {"text": "Plan", "level": 3}, ("level",)),
    Case("She changes the picture, he its caption", "image", IMAGE, IMAGE | {"asset_id": "b"}, IMAGE | {"caption": "My dog Rex"}, IMAGE | {"asset_id": "b", "caption": "My dog Rex"}),
    Case("Two other pictures", "image", IMAGE, IMAGE | {"asset_id": "b"}, IMAGE | {"asset_id": "c"}, IMAGE | {"asset_id": "c"}, ("asset_id",)),
    Case("Both fit the picture alike", "image", IMAGE, IMAGE | {"fit": "cover", "alt": "A big dog"}, IMAGE | {"fit": "cover"}, IMAGE | {"fit": "cover", "alt": "A big dog"}),
    Case("She edits the quote, he who said it", "quote", {"text": "To be", "by": "Will"}, {"text": "To be or not", "by": "Will"}, {"text": "To be", "by": "Shakespeare"}, {"text": "To be or not", "by": "Shakespeare"}),
    Case("Two names of who said it", "quote", {"text": "To be", "by": "Will"}, {"text": "To be", "by": "William S."}, {"text": "To be", "by": "Shakespeare"}, {"text": "To be", "by": "Shakespeare"}, ("by",)),
    Case("She changes a callout's tone, he its text", "callout", {"tone": "info", "text": "Mind"}, {"tone": "danger", "text": "Mind"}, {"tone": "info", "text": "Mind the gap"}, {"tone": "danger", "text": "Mind the gap"}),
    Case("Two tones", "callout", {"tone": "info", "text": "Mind"}, {"tone": "danger", "text": "Mind"}, {"tone": "tip", "text": "Mind"}, {"tone": "tip", "text": "Mind"}, ("tone",)),
    Case("A divider has nothing to merge", "divider", {}, {}, {}, {}),
    Case("Both turn a group alike", "group", {"direction": "row"}, {"direction": "column"}, {"direction": "column"}, {"direction": "column"}),
    Case("She turns a group, he leaves it", "group", {"direction": "row"}, {"direction": "column"}, {"direction": "row"}, {"direction": "column"}),
    bullets("Each edits another bullet", "1 Milk; 2 Eggs", "1 Oat milk; 2 Eggs", "1 Milk; 2 Six eggs", "1 Oat milk; 2 Six eggs"),
    bullets("Both edit different words of one bullet", "1 buy fresh milk", "1 get fresh milk", "1 buy fresh bread", "1 get fresh bread"),
    bullets("Both edit the same word of one bullet", "1 buy milk", "1 buy oil", "1 buy bread", "1 buy bread", "items/1/text"),
    bullets("Each adds a bullet at the end", "1 Milk", "1 Milk; h Salt", "1 Milk; m Rice", "1 Milk; m Rice; h Salt"),
    bullets("Each adds several bullets at one place", "1 Milk", "1 Milk; a Salt; b Ale", "1 Milk; c Rice; d Tea", "1 Milk; c Rice; d Tea; a Salt; b Ale"),
    bullets("She deletes a bullet, he adds one after it", "1 Milk; 2 Eggs; 3 Tea", "1 Milk; 3 Tea", "1 Milk; 2 Eggs; m Rice; 3 Tea", "1 Milk; m Rice; 3 Tea"),
    bullets("She deletes the bullet that he edits", "1 Milk; 2 Eggs", "2 Eggs", "1 Oat milk; 2 Eggs", "1 Oat milk; 2 Eggs", "items/1"),
    bullets("He deletes the bullet that she edits", "1 Milk; 2 Eggs", "1 Oat milk; 2 Eggs", "2 Eggs", "2 Eggs", "items/1"),
    bullets("Both delete the same bullet", "1 Milk; 2 Eggs; 3 Tea", "1 Milk; 3 Tea", "1 Milk; 3 Tea", "1 Milk; 3 Tea"),
    bullets("She moves a bullet that he edits", "1 Milk; 2 Eggs; 3 Tea", "3 Tea; 1 Milk; 2 Eggs", "1 Milk; 2 Eggs; 3 Mint tea", "3 Mint tea; 1 Milk; 2 Eggs"),
    bullets("She moves a bullet that he deletes", "1 Milk; 2 Eggs; 3 Tea", "3 Tea; 1 Milk; 2 Eggs", "1 Milk; 2 Eggs", "1 Milk; 2 Eggs"),
    bullets("Both move bullets, differently", "1 Milk; 2 Eggs; 3 Tea", "3 Tea; 1 Milk; 2 Eggs", "2 Eggs; 1 Milk; 3 Tea", "2 Eggs; 1 Milk; 3 Tea", "items//order"),
    bullets("Both move a bullet alike, one edits it", "1 Milk; 2 Eggs", "2 Eggs; 1 Milk", "2 Big eggs; 1 Milk", "2 Big eggs; 1 Milk"),
    bullets("She indents a bullet, he edits it", "1 Milk; 2 Eggs", "1 Milk; 2 >Eggs", "1 Milk; 2 Six eggs", "1 Milk; 2 >Six eggs"),
    bullets("Two depths of a bullet", "1 Milk; 2 Eggs", "1 Milk; 2 >Eggs", "1 Milk; 2 >>Eggs", "1 Milk; 2 >>Eggs", "items/2/level"),
    table("Each edits another cell", TWO, "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "A Name, B Age; 1 Ann, 30; 2 Rob, 40", "A Name, B Age; 1 Ann, 31; 2 Rob, 40"),
    table("Both edit the same cell", TWO, "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "A Name, B Age; 1 Ann, 32; 2 Bob, 40", "A Name, B Age; 1 Ann, 32; 2 Bob, 40", "rows/1/B"),
    table("She adds a column, he a row", TWO, "A Name, C City, B Age; 1 Ann, Rome, 30; 2 Bob, Oslo, 40", TWO + "; 3 Cy, 50", "A Name, C City, B Age; 1 Ann, Rome, 30; 2 Bob, Oslo, 40; 3 Cy, , 50"),
    table("She deletes a column, he edits another", TWO, "A Name; 1 Ann; 2 Bob", "A Name, B Age; 1 Anna, 30; 2 Bob, 40", "A Name; 1 Anna; 2 Bob"),
    table("She deletes the column of a cell that he edits", TWO, "A Name; 1 Ann; 2 Bob", "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "columns/B"),
    table("He deletes the column of a cell that she edits", TWO, "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "A Name; 1 Ann; 2 Bob", "A Name; 1 Ann; 2 Bob", "columns/B"),
    table("She moves a column, he edits a cell in it", TWO, "B Age, A Name; 1 30, Ann; 2 40, Bob", "A Name, B Age; 1 Ann, 30; 2 Bob, 41", "B Age, A Name; 1 30, Ann; 2 41, Bob"),
    table("She deletes the row that he edits", TWO, "A Name, B Age; 2 Bob, 40", "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "A Name, B Age; 1 Ann, 31; 2 Bob, 40", "rows/1"),
    table("She deletes a row, he a column", TWO, "A Name, B Age; 2 Bob, 40", "A Name; 1 Ann; 2 Bob", "A Name; 2 Bob"),
    table("Two headings of one column", TWO, "A First, B Age; 1 Ann, 30; 2 Bob, 40", "A Last, B Age; 1 Ann, 30; 2 Bob, 40", "A Last, B Age; 1 Ann, 30; 2 Bob, 40", "columns/A/text"),
    table("Both sort the rows, differently", TWO + "; 3 Cy, 20", "A Name, B Age; 3 Cy, 20; 1 Ann, 30; 2 Bob, 40", "A Name, B Age; 2 Bob, 40; 1 Ann, 30; 3 Cy, 20", "A Name, B Age; 2 Bob, 40; 1 Ann, 30; 3 Cy, 20", "rows//order"),
    chart("Each edits another value", SALES, "Q1, Q2, Q3; s Sales 9 2 3", "Q1, Q2, Q3; s Sales 1 2 8", "Q1, Q2, Q3; s Sales 9 2 8"),
    chart("Both edit the same value", SALES, "Q1, Q2, Q3; s Sales 9 2 3", "Q1, Q2, Q3; s Sales 8 2 3", "Q1, Q2, Q3; s Sales 8 2 3", "series/s/values"),
    chart("She adds a category, he edits a value", SALES, "Q0, Q1, Q2, Q3; s Sales 0 1 2 3", "Q1, Q2, Q3; s Sales 1 2 8", "Q0, Q1, Q2, Q3; s Sales 0 1 2 8"),
    chart("She adds a category, he a series", SALES, "Q1, Q2, Q3, Q4; s Sales 1 2 3 4", SALES + "; c Costs 5 6 7", "Q1, Q2, Q3, Q4; s Sales 1 2 3 4; c Costs 5 6 7 -"),
    chart("She deletes a category, he edits another's value", SALES, "Q1, Q3; s Sales 1 3", "Q1, Q2, Q3; s Sales 1 2 8", "Q1, Q3; s Sales 1 8"),
    chart("She deletes the category whose value he edits", SALES, "Q1, Q3; s Sales 1 3", "Q1, Q2, Q3; s Sales 1 7 3", "Q1, Q2, Q3; s Sales 1 7 3", "categories/Q2"),
    chart("She renames a category, he edits its value", SALES, "Jan, Q2, Q3; s Sales 1 2 3", "Q1, Q2, Q3; s Sales 9 2 3", "Jan, Q2, Q3; s Sales 9 2 3"),
    chart("Two names of one category", SALES, "Jan, Q2, Q3; s Sales 1 2 3", "Feb, Q2, Q3; s Sales 1 2 3", "Feb, Q2, Q3; s Sales 1 2 3", "categories/Q1/text"),
    chart("She turns the categories round, he edits a value", SALES, "Q3, Q2, Q1; s Sales 3 2 1", "Q1, Q2, Q3; s Sales 9 2 3", "Q3, Q2, Q1; s Sales 3 2 9"),
    chart("Both add categories", SALES, "Q1, Q2, Q3, Q4; s Sales 1 2 3 4", "Q0, Q1, Q2, Q3; s Sales 0 1 2 3", "Q0, Q1, Q2, Q3; s Sales 0 1 2 3", "categories", "series"),
    chart("She renames a series, he deletes it", SALES, "Q1, Q2, Q3; s Turnover 1 2 3", "Q1, Q2, Q3; t Rest 1 1 1", "Q1, Q2, Q3; t Rest 1 1 1", "series/s"),
    chart("Each adds a series", SALES, SALES + "; c Costs 1 1 1", SALES + "; a Aims 2 2 2", SALES + "; a Aims 2 2 2; c Costs 1 1 1"),
]  # fmt: skip


def told(clash: Clash) -> str:
    parts = [clash.field, clash.item or "", clash.part or ""]
    return "/".join(parts).rstrip("/")


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.kind}: {row.says}") for row in CASES])
def test_two_edits_of_one_block(row: Case) -> None:
    for content in (row.base, row.hers, row.his, row.result):
        assert new_content(row.kind, content, str) == content

    merged = merge_content(row.kind, row.base, row.hers, row.his, winner="mine")

    assert merged.content == row.result
    assert tuple(told(clash) for clash in merged.clashes) == row.conflicts
    assert merged.combined == (row.result not in (row.hers, row.his))
    turned = merge_content(row.kind, row.base, row.his, row.hers, winner="theirs")
    assert (turned.content, [told(clash) for clash in turned.clashes]) == (row.result, list(row.conflicts))


def test_every_type_has_its_rows() -> None:
    assert {row.kind for row in CASES} == set(BLOCK_TYPES)
    assert len({(row.kind, row.says) for row in CASES}) == len(CASES)
