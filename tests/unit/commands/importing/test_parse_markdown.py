from typing import Any

import pytest

from commands.importing import ImportedDeck, ImportedSlide, ImportRefused, parse_markdown
from domain.content import new_content


def titles(deck: ImportedDeck) -> list[str]:
    return [slide.content["title"] for slide in deck.slides]


def blocks(slide: ImportedSlide) -> list[tuple[str, dict[str, Any]]]:
    return [(block.type, block.content) for block in slide.blocks]


def only(source: str) -> list[tuple[str, dict[str, Any]]]:
    (slide,) = parse_markdown(source).slides
    return blocks(slide)


def items(source: str) -> list[tuple[int, str]]:
    ((block_type, content),) = only(source)
    assert block_type == "bullets"
    return [(item["level"], item["text"]) for item in content["items"]]


def test_headings_of_two_levels_and_breaks_begin_slides() -> None:
    deck = parse_markdown("# One\n\na\n\n## Two\n\n### Sub\n\n---\n\nthree\n\n***\n\n## Four\n\n___\n")

    assert titles(deck) == ["One", "Two", "", "Four"]
    assert blocks(deck.slides[1]) == [("heading", {"text": "Sub", "level": 3})]
    assert deck.title == "One"
    assert deck.warnings == ()


def test_paragraphs_keep_their_markdown_and_line_breaks() -> None:
    assert only("a **b**\n  c\n\nd  \ne") == [("text", {"text": "a **b**\nc"}), ("text", {"text": "d  \ne"})]


def test_titles_are_plain() -> None:
    deck = parse_markdown("# The `__init__` of *all* <Badge /> things")

    assert titles(deck) == ["The __init__ of all things"]
    assert "<Badge />" in deck.warnings[0].message


def test_nested_lists_become_one_block_with_levels() -> None:
    assert items("- a\n  - b\n    1. c\n    2. d\n\n  still a\n- e") == [
        *((0, "a"), (1, "b"), (2, "1. c"), (2, "2. d"), (0, "still a"), (0, "e"))
    ]


def test_ordered_lists_keep_their_numbers_and_paragraphs() -> None:
    assert items("7. a\n\n   more\n8. b") == [(0, "7. a\nmore"), (0, "8. b")]


def test_code_in_a_list_stands_between_its_parts() -> None:
    assert only("- a\n\n  ```py x\n  1\n  ```\n\n- b") == [
        ("bullets", {"items": [{"text": "a", "level": 0}]}),
        ("code", {"language": "py", "text": "1"}),
        ("bullets", {"items": [{"text": "b", "level": 0}]}),
    ]


def test_two_lists_are_two_blocks() -> None:
    assert [block_type for block_type, _ in only("- a\n\n1. b")] == ["bullets", "bullets"]


def test_tables_become_tables() -> None:
    assert only("| x | y |\n|---|---|\n| **1** | a\\|b |") == [
        ("table", {"columns": [{"text": "x"}, {"text": "y"}], "rows": [{"cells": ["**1**", "a|b"]}]})
    ]


def test_cells_past_the_columns_are_kept_below_the_table() -> None:
    deck = parse_markdown("| x |\n|---|\n| 1 | lost? |")

    assert blocks(deck.slides[0])[1] == ("text", {"text": "| 1 | lost? |"})
    assert [warning.line for warning in deck.warnings] == [1]


def test_fences_and_indents_become_code() -> None:
    assert only("```\n---\n# no\n```\n\n    x = 1\n") == [
        ("code", {"language": "", "text": "---\n# no"}),
        ("code", {"language": "", "text": "x = 1"}),
    ]


def test_quotes_and_who_said_them() -> None:
    assert only("> a\n> b\n>\n> - c\n>\n> \u2014 Ada") == [("quote", {"text": "a\nb\n- c", "by": "Ada"})]


def test_an_alert_becomes_a_callout() -> None:
    assert only("> [!WARNING]\n> hot") == [("callout", {"tone": "warning", "text": "hot"})]


def test_an_image_alone_becomes_an_image() -> None:
    assert only('![alt](a.png "cap")') == [("image", {"url": "a.png", "alt": "alt", "caption": "cap"})]


@pytest.mark.parametrize(
    "source", ["![a](file:///etc/passwd)", "![a](data:image/png;base64,AAAA)", "x ![a](b.png)"]
)
def test_other_images_stay_text(source: str) -> None:
    assert only(source) == [("text", {"text": source})]


def test_links_by_reference_get_their_address() -> None:
    assert only("see [the docs][d], `[d]` and [d]\n\n[d]: https://example.org") == [
        ("text", {"text": "see [the docs](https://example.org), `[d]` and [d](https://example.org)"})
    ]


def test_comments_are_the_notes_of_their_slide() -> None:
    deck = parse_markdown("# A\n\n<!-- first -->\n\ntext <!-- second --> goes on\n\n# B\n\n`<!-- no -->`")

    assert [slide.content["notes"] for slide in deck.slides] == ["first\n\nsecond", ""]
    assert blocks(deck.slides[0]) == [("text", {"text": "text  goes on"})]
    assert blocks(deck.slides[1]) == [("text", {"text": "`<!-- no -->`"})]


def test_directives_of_marp_are_no_notes() -> None:
    (slide,) = parse_markdown("<!-- _class: lead -->\n\n# A").slides

    assert (slide.content["notes"], slide.content["layout"]) == ("", "title")


def test_html_shows_what_it_holds() -> None:
    deck = parse_markdown(
        '# A\n\n<div class="x">\n<h3>Sub</h3>\nwords <b>bold</b><br>\n<a href="https://example.org">link</a>\n'
        '<img src="a.png" alt="alt"/>\n<Chart v-if="a > b" />\n</div>\n'
    )

    assert blocks(deck.slides[0]) == [
        ("heading", {"text": "Sub", "level": 3}),
        ("text", {"text": "words bold\n[link](https://example.org)"}),
        ("image", {"url": "a.png", "alt": "alt"}),
        ("code", {"language": "html", "text": '<Chart v-if="a > b" />'}),
    ]
    assert {warning.line for warning in deck.warnings} == {3}
    assert any('<div class="x">' in warning.message for warning in deck.warnings)


def test_scripts_and_styles_are_kept_as_code() -> None:
    deck = parse_markdown("<style>\nh1 { color: red }\n</style>\n\na `Ref<T>` and Ref<T>")

    assert blocks(deck.slides[0]) == [
        ("code", {"language": "html", "text": "<style>\nh1 { color: red }\n</style>"}),
        ("text", {"text": "a `Ref<T>` and Ref<T>"}),
    ]


def test_front_matter_of_the_deck_gives_title_and_layout() -> None:
    deck = parse_markdown(
        "---\ntitle: 'The: talk'\nlayout: cover\ninfo: |\n  ## No slide\n\n  text\n---\n\n# A\n\n# B"
    )

    assert (deck.title, titles(deck)) == ("The: talk", ["A", "B"])
    assert [slide.content.get("layout") for slide in deck.slides] == ["title", None]


def test_front_matter_of_slides_is_skipped_and_used() -> None:
    deck = parse_markdown(
        "# A\n\n---\nlayout: two-cols\nbackground: '#abc'\nspeaker: Ada\n---\n\n## B\n\n---\nlayout: quote\n---\n\nc"
    )

    assert titles(deck) == ["A", "B", ""]
    assert deck.slides[1].content == {"title": "B", "notes": "", "layout": "two-column", "background": "#abc"}
    assert blocks(deck.slides[2]) == [("text", {"text": "c"})]
    assert [(warning.line, "speaker" in warning.message) for warning in deck.warnings] == [(4, True)]


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_front_matter_in_code_is_code(fence: str) -> None:
    source = f"{fence}md\n---\nlayout: x\n---\n{fence}\n\nafter"

    assert only(source) == [
        ("code", {"language": "md", "text": "---\nlayout: x\n---"}),
        ("text", {"text": "after"}),
    ]


def test_text_between_breaks_is_no_front_matter() -> None:
    assert titles(parse_markdown("a\n\n---\nNote: this is said\n---\n\nb")) == ["", "Note: this is said"]
    assert titles(parse_markdown("a\n\n---\n\nkey: value\n\n---\n\nb")) == ["", "", ""]


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


def test_parts_leave_room_for_ids_of_any_length() -> None:
    table = "|h" * 20 + "|\n" + "|-" * 20 + "|\n" + ("|" + "c" * 66) * 20 + "|\n"
    source = table + (("|" + "c" * 66) * 20 + "|\n") * 49 + "\n" + f"- {'i' * 640}\n" * 100

    parts = only(source)

    assert [block_type for block_type, _ in parts] == ["table", "table", "bullets", "bullets"]
    for block_type, content in parts:
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


def test_line_ends_of_all_kinds_are_read() -> None:
    assert titles(parse_markdown("\ufeff# A\r\n\r\ntext\r\r# B")) == ["A", "B"]
