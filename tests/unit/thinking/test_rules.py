"""What rules find on slides, and what they make of it."""

from tests.support.slides import bullets, chart, node, slide, table, text
from workers.exporting.source import Node
from workers.thinking.ports import Thought
from workers.thinking.rules import Reader

SENTENCE = "The river carries sand and silt down to the sea through many arms of the delta"


def read(*slides: Node, index: int = 0) -> Thought:
    return Reader(slides).read(index)


def codes(thought: Thought) -> list[str]:
    return [f.code for f in thought.findings]


def test_a_good_slide_is_left_alone() -> None:
    thought = read(slide("Deltas grow where rivers slow down", bullets("sand", "silt"), notes="Begin here."))
    assert thought == Thought()


def test_a_slide_without_a_title_is_given_one_of_its_own_words() -> None:
    thought = read(slide("", node("heading", {"text": "Where *sand* settles"}), text("Near."), notes="n"))
    assert codes(thought) == ["no-title"]
    [suggested] = thought.suggestions
    assert suggested.changes == {"title": "Where sand settles"}
    empty = read(slide(""))
    assert codes(empty) == ["no-title", "empty", "no-notes"]
    assert empty.suggestions == ()


def test_titles_that_are_too_long_or_the_same_are_told_apart() -> None:
    thought = read(slide(f"{SENTENCE}, {SENTENCE}", text("x"), notes="n"))
    assert codes(thought) == ["long-title"]
    assert len(str(thought.suggestions[0].changes["title"])) < 80
    twice = (slide("Deltas", text("a"), notes="n"), slide("deltas ", text("b"), notes="n"))
    assert codes(read(*twice)) == []
    second = read(*twice, index=1)
    assert second.suggestions[0].changes == {"title": "deltas (2)"}


def test_a_long_text_is_cut_to_sentences_of_its_own_and_goes_to_the_notes_whole() -> None:
    sentences = [f"{SENTENCE} number {n}." for n in ("one", "two", "three", "four", "five", "six")]
    thought = read(slide("T", text(" ".join(sentences)), notes="Mine."))
    assert codes(thought) == ["long-text"]
    shorter, notes = thought.suggestions
    assert shorter.changes["text"] in " ".join(sentences)
    assert shorter.changes["text"].count(".") <= 2
    assert notes.changes["notes"] == "Mine.\n\n" + " ".join(sentences)


def test_a_long_list_is_cut_and_its_lines_keep_their_ids() -> None:
    items = [f"Fact number {n} about sand" for n in range(12)]
    made = bullets(*items)
    thought = read(slide("T", made))
    assert "many-items" in codes(thought)
    shorter, notes = thought.suggestions
    kept = shorter.changes["items"]
    assert 1 <= len(kept) <= 7
    assert all(item in made.content["items"] for item in kept)
    assert all(item in notes.changes["notes"] for item in items)


def test_pictures_tables_and_charts_have_to_say_what_they_show() -> None:
    captioned = node("image", {"asset_id": "a", "caption": "A delta"})
    thought = read(slide("T", captioned, notes="n"))
    assert (codes(thought), thought.suggestions[0].changes) == (["no-alt"], {"alt": "A delta"})
    bare = read(
        slide(
            "T",
            node("image", {"asset_id": "a"}),
            node("image", {}),
            table(["", ""], ["a", "b"]),
            chart("bar", ["x"], **{"": [1], "s": [2]}),
            text("To fill in: a figure"),
            notes="n",
        )
    )
    assert codes(bare) == ["no-alt", "no-picture", "no-headings", "no-names", "to-fill-in"]
    assert bare.suggestions == ()


def test_notes_begin_with_the_slide_s_own_words() -> None:
    thought = read(slide("T", bullets("**sand**", "silt")))
    assert thought.suggestions[0].changes == {"notes": "sand\nsilt"}
    assert read(slide("T", text("x"), layout="section")) == Thought()
