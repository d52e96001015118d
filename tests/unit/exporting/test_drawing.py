"""What is drawn: everything, and inside the slide."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.content import limits
from domain.theme import BUILT_IN, Theme
from tests.support.slides import LOREM, bullets, demo, node, slide, source, table, text
from workers.exporting import colors
from workers.exporting.drawing import draw, texts
from workers.exporting.elements import Drawn, Flow, Grid, Image, Panel
from workers.exporting.sizing import element_height
from workers.exporting.source import Node


def said(drawn: Drawn) -> str:
    """All words, without white space: where a line or a page ends is no matter."""
    return "".join("".join(texts(drawn)).split())


def is_inside(drawn: Drawn) -> None:
    for page in drawn.pages:
        for box in page.boxes:
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.width <= drawn.width + 0.01
            assert box.y + box.height <= drawn.height + 0.01, (page.number, box)
            if isinstance(box.element, Flow | Panel | Grid):
                assert element_height(box.element, box.width, box.scale) <= box.height + 0.01


@pytest.mark.parametrize("aspect", ["16:9", "4:3"])
@pytest.mark.parametrize("theme", BUILT_IN.values(), ids=lambda theme: theme.name)
def test_everything_stands_inside_the_slide(theme: Theme, aspect: str) -> None:
    drawn = draw(demo(theme, aspect))
    is_inside(drawn)
    assert drawn.width / drawn.height == pytest.approx(eval(aspect.replace(":", "/")))  # noqa: S307 - two numbers


def test_what_does_not_fit_goes_on_on_another_page() -> None:
    words = [f"w{i}" for i in range(3_000)]
    drawn = draw(
        source(
            slide(
                "Long", text(" ".join(words[:1500])), bullets(*words[1500:1560]), text(" ".join(words[1560:]))
            )
        )
    )
    assert len(drawn.pages) > 1
    assert [p.part for p in drawn.pages] == list(range(1, len(drawn.pages) + 1))
    assert all(p.title and p.title.text == "Long" for p in drawn.pages)
    is_inside(drawn)
    for word in words:
        assert word in said(drawn)


def test_notes_are_told_once() -> None:
    drawn = draw(source(slide("Long", text(LOREM * 50), notes="once")))
    assert [p.notes for p in drawn.pages][:2] == ["once", ""]


LONG = "x" * limits.TEXT


@pytest.mark.parametrize(
    "block",
    [
        text(LONG),
        text("a b " * 2_500),
        node("heading", {"text": LONG}),
        bullets(LONG, ("b", 8)),
        table([LONG, "b"], ["c", "d"]),
        table(["a", "b"], [LONG[:9_000], "d"], ["e", "f"]),
        table(*[[f"cell {i}" for i in range(20)]] * 51),
        node("quote", {"text": LONG, "by": LONG}),
        node("callout", {"text": LONG}),
        node("code", {"text": "\n".join(["line"] * 2_000), "language": "y" * 100}),
        node("image", {"alt": LONG, "caption": LONG}),
        node("group", {"direction": "row"}, text(LONG), text("b"), table(["a"], [LONG])),
        node("group", {"direction": "column"}, *(text(LOREM * 5) for _ in range(9))),
    ],
)
@pytest.mark.parametrize("layout", ["content", "title", "quote", "two-column", "image"])
def test_the_largest_of_each_type_is_drawn_whole(block: Node, layout: str) -> None:
    deck = source(slide(LONG, block, layout=layout))
    drawn = draw(deck)
    assert len(drawn.pages) < 120
    wanted = sum(len("".join(str(v).split())) for n in deck.nodes() for v in _words(n))
    assert len(said(drawn)) >= wanted


def _words(found: Node) -> list[str]:
    content = found.content
    match found.type:
        case "slide":
            return [content["title"]]
        case "text" | "heading" | "callout" | "code":
            return [content["text"]]
        case "quote":
            return [content["text"], content["by"]]
        case "bullets":
            return [item["text"] for item in content["items"]]
        case "table":
            return [c["text"] for c in content["columns"]] + [c for r in content["rows"] for c in r["cells"]]
        case "image":
            return [content["caption"]]
        case _:
            return []


paragraphs = st.text(string.ascii_letters + "  \n", max_size=900)


@given(
    st.lists(paragraphs, max_size=6), st.sampled_from(["content", "two-column", "title", "blank", "quote"])
)
@settings(max_examples=80, deadline=None)
def test_no_word_is_lost(parts: list[str], layout: str) -> None:
    drawn = draw(source(slide("T", *map(text, parts), layout=layout)))
    is_inside(drawn)
    repeated = len(drawn.pages)
    assert sorted(said(drawn)) == sorted("T" * repeated + "".join("".join(parts).split()))


def test_a_picture_that_is_elsewhere_is_not_fetched_but_told() -> None:
    drawn = draw(
        source(
            slide(
                "T",
                node("image", {"url": "https://example.invalid/a.png"}),
                background="https://e.invalid/b.png",
            )
        )
    )
    (image,) = [b.element for p in drawn.pages for b in p.boxes if isinstance(b.element, Image)]
    assert image.picture is None
    assert len(drawn.warnings) == 2


@pytest.mark.parametrize(
    "background", ["#000", "#ffffff", "#1f5fd0", "tomato", "#ff634780", "gold", "#777777"]
)
@pytest.mark.parametrize("theme", BUILT_IN.values(), ids=lambda theme: theme.name)
def test_words_can_be_read_on_any_background(theme: Theme, background: str) -> None:
    (page,) = draw(source(slide("T", text("x"), background=background), theme=theme)).pages
    assert colors.contrast(page.colors.text, page.colors.background) >= colors.READABLE
    assert colors.contrast(page.colors.accent, page.colors.background) >= 3


def test_a_color_that_does_not_exist_is_told() -> None:
    drawn = draw(source(slide("T", background="nonesuch")))
    assert "nonesuch" in drawn.warnings[0]
