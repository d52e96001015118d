from typing import Any

import pytest

from commands.importing import ImportedSlide, ImportRefused, parse_markdown
from domain.content import new_content


def blocks(slide: ImportedSlide) -> list[tuple[str, dict[str, Any]]]:
    return [(block.type, block.content) for block in slide.blocks]


def only(source: str) -> list[tuple[str, dict[str, Any]]]:
    (slide,) = parse_markdown(source).slides
    return blocks(slide)


def test_long_texts_are_split_at_words() -> None:
    words = " ".join(f"word{n}" for n in range(3_000))
    deck = parse_markdown(words)

    parts = [content["text"] for _, content in blocks(deck.slides[0])]
    assert " ".join(parts) == words
    assert max(map(len, parts)) <= 10_000
    assert len(deck.warnings) == 1


def test_long_code_is_split_at_lines() -> None:
    code = "\n".join(f"    line {n}" for n in range(2_000))
    parts = [content["text"] for _, content in only(f"```\n{code}\n```")]

    assert len(parts) > 1
    assert "\n".join(parts) == code


def test_long_lists_and_tables_are_split() -> None:
    bullets = only("\n".join(f"- i{n}" for n in range(250)))
    tables = only("|x|\n|-|\n" + "\n".join(f"|r{n}|" for n in range(120)))

    assert [len(content["items"]) for _, content in bullets] == [100, 100, 50]
    assert [len(content["rows"]) for _, content in tables] == [50, 50, 20]
    assert all(content["columns"] == [{"text": "x"}] for _, content in tables)


def test_lists_of_long_items_are_split_by_their_bytes() -> None:
    parts = only("\n".join(f"- {'€' * 9_000}" for _ in range(5)))

    assert [len(content["items"]) for _, content in parts] == [2, 2, 1]


@pytest.mark.parametrize("width", range(3_100, 3_300, 4))
def test_tables_leave_room_for_ids_of_any_length(width: int) -> None:
    row = f"|{'c' * width}" * 20 + "|\n"

    for block_type, content in only("|h" * 20 + "|\n" + "|-" * 20 + "|\n" + row * 2):
        assert new_content(block_type, content, lambda path: path.ljust(64, "x"))


@pytest.mark.parametrize("width", range(600, 700, 4))
def test_lists_leave_room_for_ids_of_any_length(width: int) -> None:
    for block_type, content in only(f"- {'i' * width}\n" * 100):
        assert new_content(block_type, content, lambda path: path.ljust(64, "x"))


def test_a_long_heading_of_html_goes_on_as_text() -> None:
    ((block_type, _), *rest) = only(f"<h3>{'word ' * 2_500}</h3>")

    assert block_type == "text"
    assert len(rest) == 1


def test_a_table_of_too_many_columns_is_kept_as_code() -> None:
    source = "|" + "a|" * 21 + "\n|" + "-|" * 21 + "\n|" + "b|" * 21
    deck = parse_markdown(source)

    assert blocks(deck.slides[0]) == [("code", {"language": "markdown", "text": source})]
    assert "20 columns" in deck.warnings[0].message


def test_a_long_title_goes_on_as_text() -> None:
    words = " ".join(f"word{n}" for n in range(100))
    (slide,) = parse_markdown(f"# {words}").slides

    assert f"{slide.content['title']} {slide.blocks[0].content['text']}" == words
    assert len(slide.content["title"]) <= 300


@pytest.mark.parametrize(
    ("source", "words", "limit"),
    [
        ("", "empty", None),
        (" \n\t", "empty", None),
        ("---\n\n---\n", "something to show", None),
        ("a\0b", "U+0000", None),
        ("a\n\x1b[0m", "line 2", None),
        ("a\ud800", "U+D800", None),
        ("a" * 400_001, "400,000", 400_000),
        ("# a\n" * 201, "200 slides", 200),
        ("a\n\n" * 2_000, "2,000 blocks", 2_000),
        ("a\n\n" * 1_900 + "# a\n" * 100, "2,000 blocks", 2_000),
    ],
)
def test_what_no_deck_can_be_made_of_is_refused(source: str, words: str, limit: int | None) -> None:
    with pytest.raises(ImportRefused) as caught:
        parse_markdown(source)

    assert (caught.value.field, caught.value.limit) == ("text", limit)
    assert words in caught.value.message


def test_as_many_slides_and_blocks_as_a_deck_has_are_taken() -> None:
    assert len(parse_markdown("# a\n" * 200).slides) == 200
    assert len(parse_markdown("a\n\n" * 1_999).slides[0].blocks) == 1_999
