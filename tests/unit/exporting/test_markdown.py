"""What is written as Markdown comes back as it was."""

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.slides import bullets, chart, demo, imported, node, slide, source, table, text
from workers.exporting import markdown
from workers.exporting.markdown_slides import bare
from workers.exporting.source import Node, Source

DECKS = Path(__file__).parents[4] / "shared" / "data" / "decks"


def shape(nodes: tuple[Node, ...]) -> list[Any]:
    return [(n.type, bare(dict(n.content)), shape(n.children)) for n in nodes]


def comes_back(deck: Source) -> str:
    data, _ = markdown.render(deck)
    written = data.decode()
    back = imported(written)
    assert shape(back.slides) == shape(deck.slides), written
    assert (back.project.title, back.project.aspect) == (deck.project.title, deck.project.aspect)
    return written


def test_a_deck_with_something_of_everything_comes_back() -> None:
    comes_back(demo(aspect="4:3"))


@pytest.mark.skipif(not DECKS.is_dir(), reason="the real decks are not beside the repository")
@pytest.mark.parametrize("name", ["marp-how-to-write-slides.md", "slidev-composable-vue.md"])
def test_real_decks_come_back(name: str) -> None:
    written = comes_back(imported((DECKS / name).read_text("utf-8")))
    assert written.count("decklog:") < 5


def test_plain_things_are_plain_markdown() -> None:
    written = comes_back(
        source(
            slide("One", text("Some *words*"), bullets("a", ("b", 1), "c"), notes="Say hello"),
            slide(
                "Two",
                table(["A", "B|C"], ["1", "2"]),
                node("quote", {"text": "q", "by": "x"}),
                layout="quote",
            ),
            slide(
                "Three", node("code", {"language": "py", "text": "```\nx"}), node("callout", {"text": "look"})
            ),
        )
    )
    assert "decklog" not in written
    assert "# One\n\nSome *words*\n\n- a\n  - b\n- c" in written


NASTY = [
    "# no title", "---", "- a\n- b", "> q", "1. x", "```", "<!-- c -->", "-->", "a\n---\nlayout: x\n---\nb", "![x](y)",
    "[a]: http://b", "[a]", "|a|b|\n|-|-|", "<b>x</b>", "\\", "*", "   indented", "trailing  \nbreak", "::right::",
    "Note: x", "--", "&amp;", "decklog: {}", "\u2028", "a\rb", "\x01", "x\n\n\ny", "Setext\n===", "<!--", "$$",
]  # fmt: skip


@pytest.mark.parametrize("nasty", NASTY)
def test_words_that_look_like_marks_come_back(nasty: str) -> None:
    blocks = [
        text(nasty),
        node("heading", {"text": nasty}),
        bullets(nasty, ("b", 3)),
        table([nasty, "b"], ["c", nasty]),
        node("quote", {"text": nasty, "by": nasty}),
        node("callout", {"text": nasty, "tone": "success"}),
        node("code", {"text": nasty, "language": "a b"}),
        node("image", {"alt": nasty, "caption": nasty, "url": "https://e.org/a.png"}),
        chart("line", [nasty, "b"], s=[1.25, None]),
        node("group", {"direction": "column"}, text(nasty), bullets(nasty)),
    ]
    comes_back(
        source(*(slide(nasty, block, notes=nasty) for block in blocks), slide(), slide("last", *blocks))
    )


words = st.one_of(
    st.sampled_from(NASTY),
    st.text(string.ascii_letters + " \n*_`[]()#-><!|\\1.:", max_size=30),
)
leaves = st.one_of(
    words.map(text),
    st.lists(st.tuples(words, st.integers(0, 8)), max_size=4).map(lambda items: bullets(*items)),
    st.builds(lambda t, level: node("heading", {"text": t, "level": level}), words, st.integers(1, 6)),
    st.builds(
        lambda t, tone: node("callout", {"text": t, "tone": tone}), words, st.sampled_from(["info", "danger"])
    ),
    st.builds(lambda t, by: node("quote", {"text": t, "by": by}), words, words),
    st.builds(lambda t: node("code", {"text": t, "language": "js"}), words),
    st.builds(lambda a, b: table([a, b], [b, a]), words, words),
    st.just(node("divider", {})),
)
blocks = st.one_of(
    leaves,
    st.builds(
        lambda d, inner: node("group", {"direction": d}, *inner),
        st.sampled_from(["row", "column"]),
        st.lists(leaves, max_size=3),
    ),
)
slides = st.builds(
    lambda title, inner, notes, layout: slide(title, *inner, notes=notes, layout=layout),
    words,
    st.lists(blocks, max_size=4),
    words,
    st.sampled_from(["content", "title", "two-column", "blank"]),
)


@given(st.lists(slides, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_deck_comes_back(made: list[Node]) -> None:
    comes_back(source(*made))


def test_pictures_of_ours_are_told_to_stay_behind() -> None:
    _, warnings = markdown.render(demo())
    assert any("pictures" in warning for warning in warnings)
