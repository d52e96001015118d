"""What Marp, Slidev and reveal.js say beyond Markdown, and what our own comments say."""

from typing import Any

import pytest

from commands.importing import ImportedDeck, ImportedSlide, exact, parse_markdown


def only(source: str) -> ImportedSlide:
    (slide,) = parse_markdown(source).slides
    return slide


def kinds(slide: ImportedSlide) -> list[Any]:
    return [(b.type, [c.type for c in b.children]) if b.children else b.type for b in slide.blocks]


def titles(deck: ImportedDeck) -> list[str]:
    return [slide.content["title"] for slide in deck.slides]


def test_slidev_columns_become_groups() -> None:
    slide = only("---\nlayout: two-cols\n---\n\n# T\n\nleft\n\n::right::\n\n- a\n\nmore\n")
    assert slide.content["layout"] == "two-column"
    assert kinds(slide) == [("group", ["text"]), ("group", ["bullets", "text"])]


def test_a_header_above_slidev_columns_stays_above() -> None:
    slide = only("---\nlayout: two-cols-header\n---\n\n# T\n\nabove\n\n::left::\n\nl\n\n::right::\n\nr\n")
    assert kinds(slide) == ["text", ("group", ["text"]), ("group", ["text"])]


def test_a_slot_in_code_is_code() -> None:
    (block,) = only("# T\n\n```\n::right::\n```\n").blocks
    assert (block.type, block.content["text"]) == ("code", "::right::")


@pytest.mark.parametrize("setting", ["aspectRatio: 4/3", "size: 4:3"])
def test_the_ratio_of_a_deck(setting: str) -> None:
    assert parse_markdown(f"---\n{setting}\n---\n\n# T\n").aspect == "4:3"


REVEAL = """# One

text <!-- .element: class="fragment" -->

Note: said aloud
and more

--

## Below

<!-- .slide: data-background="#ff0000" -->

---

## Next
"""


def test_reveal_slides_below_notes_and_backgrounds() -> None:
    deck = parse_markdown(REVEAL)
    assert titles(deck) == ["One", "Below", "Next"]
    assert [s.content["notes"] for s in deck.slides] == ["said aloud\nand more", "", ""]
    assert deck.slides[1].content["background"] == "#ff0000"
    assert [b.content["text"] for b in deck.slides[0].blocks] == ["text"]


def test_a_note_is_text_where_nothing_speaks_of_reveal() -> None:
    slide = only("# One\n\nNote: this is for all\n")
    assert [b.content["text"] for b in slide.blocks] == ["Note: this is for all"]


def test_notes_of_reveal_cannot_end_early() -> None:
    slide = only("# One\n\n<!-- .slide: class=x -->\n\nNotes:\na --> b\n# no slide\n")
    assert slide.content["notes"] == "a --&gt; b\n# no slide"


def test_marp_backgrounds() -> None:
    behind = only("# T\n\n![bg](https://e.org/a.png)\n\nwords\n")
    assert behind.content["background"] == "https://e.org/a.png"
    assert kinds(behind) == ["text"]
    beside = only("# T\n\n![bg right:40% contain The sea](sea.png)\n\nwords\n")
    assert beside.content["layout"] == "image"
    assert {**beside.blocks[0].content} == {
        "url": "sea.png",
        "alt": "The sea",
        "caption": "",
        "fit": "contain",
    }


def test_marp_sizes_are_no_words() -> None:
    (block,) = only("# T\n\n![w:300px A map](map.png)\n").blocks
    assert block.content["alt"] == "A map"


def test_a_marp_color_of_one_slide() -> None:
    deck = parse_markdown("# A\n\n<!-- _backgroundColor: aqua -->\n\n---\n\n# B\n")
    assert [s.content.get("background") for s in deck.slides] == ["aqua", None]


def test_comments_of_ours_say_what_a_block_is() -> None:
    chart = {"kind": "pie", "categories": ["a"], "series": [{"name": "s", "values": [1.0]}]}
    said = exact.write({"type": "chart", "content": chart})
    slide = only(f"# T\n\n{said}\n\n|  | s |\n|---|---|\n| a | 1 |\n\nafter\n")
    assert [(b.type) for b in slide.blocks] == ["chart", "text"]
    assert slide.blocks[0].content == chart


@pytest.mark.parametrize(
    "said",
    [
        "decklog:",
        "decklog: 7",
        "decklog: {}",
        'decklog: {"type":"slide","content":{}}',
        'decklog: {"type":"text","content":{"text":7}}',
        'decklog: {"slide":{"layout":"nonsense"}}',
        'decklog: {"with":{"level":99}}',
        "decklog: " + "[" * 5000,
    ],
)
def test_comments_of_ours_that_say_nonsense_are_told_and_left_out(said: str) -> None:
    deck = parse_markdown(f"# T\n\n<!-- {said} -->\n\n### head\n")
    assert [b.type for b in deck.slides[0].blocks] == ["heading"]
    assert deck.slides[0].content["notes"] == ""
    assert len(deck.warnings) == 1
