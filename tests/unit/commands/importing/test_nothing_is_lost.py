import json
import re
from contextlib import suppress
from dataclasses import asdict
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from commands.importing import ImportRefused, parse_markdown
from domain.content import new_content

ORACLE = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
MARKS = [
    *("W ", "W ", "W", "W\n", " ", "  ", "    ", "\n", "\n", "\n\n", "\t", "\\"),
    *(
        "- ",
        "- ",
        "+ ",
        "1. ",
        "7) ",
        "> ",
        "> ",
        "# ",
        "## ",
        "### ",
        "\n===\n",
        "\n---\n",
        "\n\n---\n\n",
        "***\n",
    ),
    *("```", "\n```\n", "`", "*", "**", "_", "~~", "[", "](", ")", "![", "]", "[a]: x\n", "[a]"),
    *("|", " | ", "\n|-|\n", "\n|-|-|\n", "<", ">", "<b>", "</b>", "<div>", "\n</div>\n", "<br>", "<Icon/>"),
    *(
        "<!--",
        "-->",
        '<a href="x">',
        "</a>",
        '<img src="x" alt="',
        '">',
        "<pre>",
        "</pre>",
        "<style>",
        "&amp;",
        "[!NOTE]",
    ),
    *("\u2014 ", "<h3>", "</h3>", "<v-x>", "</v-x>", "- a\n  " * 12, "> " * 40),
]


def numbered(source: str) -> str:
    numbers = count()
    return re.sub("W", lambda _: f"word{next(numbers)}end", source)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"word\d+end", text))


def shown_by_html(html: str) -> str:
    html = re.sub(r"<!--.*?-->", " ", html, flags=re.DOTALL)
    return re.sub(r"</?[A-Za-z][^<>]*>", " ", html)


def visible(tokens: list[Token]) -> str:
    texts = []
    for token in tokens:
        if token.type == "html_block":
            texts.append(shown_by_html(token.content))
        elif token.type in {"text", "code_inline", "fence", "code_block", "image", "text_special"}:
            texts.append(token.content)
        texts.append(visible(token.children or []))
    return " ".join(texts)


def words_of_deck(source: str) -> set[str]:
    return words_of(json.dumps(asdict(parse_markdown(source))["slides"]))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(MARKS), min_size=1, max_size=40).map("".join).map(numbered))
def test_every_word_that_a_reader_sees_is_in_the_deck(source: str) -> None:
    seen = words_of(visible(ORACLE.parse(source)))
    kept = set()
    with suppress(ImportRefused):  # then nothing was to be seen
        kept = words_of_deck(source)

    assert seen <= kept


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(MARKS), min_size=1, max_size=40).map("".join).map(numbered))
def test_every_content_is_one_that_a_block_may_have(source: str) -> None:
    try:
        deck = parse_markdown(source)
    except ImportRefused:
        return
    lines = source.count("\n") + 1
    for slide in deck.slides:
        assert new_content("slide", slide.content, str)["title"] == slide.content["title"]
        for block in slide.blocks:
            assert new_content(block.type, block.content, str).keys() >= block.content.keys()
    assert all(1 <= warning.line <= lines for warning in deck.warnings)


@given(st.integers(1, 120), st.sampled_from(["> ", "- ", "1. ", "> - "]))
@settings(max_examples=60, deadline=None)
def test_words_of_any_depth_are_kept(depth: int, mark: str) -> None:
    source = f"before\n\n{mark * depth}word0end\n{'  ' * depth}word1end\n\nword2end"

    assert words_of_deck(source) == {"word0end", "word1end", "word2end"}


def filled(pattern: str) -> str:
    return (pattern * (400_000 // len(pattern) + 1))[:400_000]


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "a",
            ">",
            "[",
            "![",
            "*a _b ",
            "` `` ``` ",
            "<",
            "<a ",
            '<a b="',
            "<!-- ",
            "<div>",
            "<script>",
            "\\",
            "&amp;",
        ),
        *(
            "a\n",
            "a\n\n",
            "- ",
            "- a\n",
            "- - - - - -a\n",
            "> a\n",
            ">" * 100 + " a\n",
            "> - " * 20 + "a\n",
            "1. a\n\n",
        ),
        *(
            "[a]: b\n",
            "[a]:\n",
            "|",
            "|a|b|\n|-|-|\n",
            "```\n",
            "    a\n",
            "### a\n",
            "a\n---\n",
            "---\na: b\n---\n",
        ),
        *(
            "<a b" + " " * 1_000,
            "![" + "[" * 60 + "`*_<" * 900 + ")\n\n",
            "<a href=x>",
            "<img src=x> ",
            "~~a",
            "\t",
            "![a](b)\n\n",
        ),
    ],
)
@pytest.mark.timeout(40)  # it takes 2 s at most; what grows with the square of the length takes minutes
def test_no_source_takes_long(pattern: str) -> None:
    source = "x " + filled(pattern)[2:]
    with suppress(ImportRefused):  # as good as reading, if it is soon
        parse_markdown(source)


@pytest.mark.timeout(40)  # as above
def test_lazy_lines_in_deep_quotes_take_no_long_time() -> None:
    with pytest.raises(ImportRefused, match="fewer lines"):
        parse_markdown(">" * 50 + "a\n" * 190_000)
