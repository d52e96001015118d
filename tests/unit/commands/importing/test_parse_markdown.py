from typing import Any

import pytest

from commands.importing import ImportedDeck, ImportedSlide, parse_markdown


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


def test_line_ends_of_all_kinds_are_read() -> None:
    assert titles(parse_markdown("\ufeff# A\r\n\r\ntext\r\r# B")) == ["A", "B"]
