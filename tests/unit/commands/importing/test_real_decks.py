from pathlib import Path

import pytest

from commands.importing import ImportedDeck, parse_markdown

DECKS = Path(__file__).parents[5] / "shared" / "data" / "decks"

pytestmark = pytest.mark.skipif(not DECKS.is_dir(), reason="the real decks are not beside the repository")


def parsed(name: str) -> ImportedDeck:
    return parse_markdown((DECKS / name).read_text(encoding="utf-8"))


def kinds(deck: ImportedDeck, title: str) -> list[str]:
    (slide,) = (slide for slide in deck.slides if slide.content["title"] == title)
    return [block.type for block in slide.blocks]


def test_the_marp_guide() -> None:
    deck = parsed("marp-how-to-write-slides.md")

    assert deck.title == "How to write slides"
    assert [slide.content["title"] for slide in deck.slides] == [
        "How to write slides",
        "Markdown",
        "Slides",
        "Syntaxes",
    ]
    assert kinds(deck, "Slides") == ["text", "code", "code", "text", "quote"]
    assert "\n---\n" in deck.slides[2].blocks[1].content["text"]
    assert [item["level"] for item in deck.slides[3].blocks[1].content["items"]] == [
        0,
        1,
        0,
        0,
        1,
        1,
        1,
        1,
        1,
        0,
        1,
    ]
    assert deck.warnings == ()


def test_the_slidev_deck() -> None:
    deck = parsed("slidev-composable-vue.md")
    first, last = deck.slides[0], deck.slides[-1]

    assert deck.title == "Composable Vue"
    assert (
        len(deck.slides) == 39
    )  # the author made 38; two headings side by side on one of them make two here
    assert (first.content["title"], first.content["layout"]) == ("Composable Vue", "title")
    assert [block.type for block in first.blocks] == ["text", "text", "image", "text"]
    assert (last.content["title"], last.blocks[0].content["text"]) == (
        "Thank You!",
        "Slides can be found on [antfu.me](https://antfu.me)",
    )
    assert kinds(deck, "unref - Opposite of Ref") == ["bullets", "heading", "code", "heading", "code"]


def test_settings_of_slidev_slides_are_not_shown() -> None:
    deck = parsed("slidev-composable-vue.md")
    shown = [str(block.content.get("text", "")) for slide in deck.slides for block in slide.blocks]

    assert not [text for text in shown if text.startswith(("layout:", "class:", "disabled:", "name:"))]
    assert sum("disabled" in warning.message for warning in deck.warnings) == 3


def test_the_presenters_note_is_on_its_slide() -> None:
    deck = parsed("slidev-composable-vue.md")
    notes = {
        slide.content["title"]: slide.content["notes"] for slide in deck.slides if slide.content["notes"]
    }

    assert notes == {"Side-effects Self Cleanup": "Lower the mental burden"}
