"""Outlines chosen from sources, on a real document of ten pages, and frames made of bare prompts."""

from pathlib import Path

import pytest

from workers.generating.drafting import drafted
from workers.generating.extracting import outline_of
from workers.generating.scanning import shown
from workers.generating.sentences import words_of
from workers.generating.skeleton import MARK, skeleton_of

DOCS = Path(__file__).parents[3] / "infra" / "docs"
DOCUMENT = "\n\n".join((DOCS / name).read_text() for name in ("architecture.md", "exports.md", "faults.md"))


def test_a_document_of_ten_pages_becomes_a_deck_that_can_be_presented() -> None:
    plan = outline_of(DOCUMENT, None)
    assert plan.provider == "offline-extractive"
    assert plan.title == "How Decklog works"
    assert 12 <= len(plan.slides) <= 30
    assert plan.slides[0].layout == "title"
    titles = [s.title for s in plan.slides]
    assert len(set(titles)) >= len(titles) - 1
    known = set(words_of(shown(DOCUMENT)))
    for slide in plan.slides[2:]:
        made = drafted(slide, DOCUMENT)
        assert slide.title
        assert made.blocks, slide.title
        assert len(slide.points) <= 8
        for point in slide.points:
            assert len(shown(point)) <= 160
            # It chooses, and never invents a word.
            assert set(words_of(shown(point))) <= known, point
        assert all(0 <= start < end <= len(DOCUMENT) for start, end in (*slide.sources, *slide.kept))
    kinds = {kind for s in plan.slides for kind, _ in drafted(s, DOCUMENT).blocks}
    assert {"bullets", "table"} <= kinds
    assert sum(bool(s.notes) for s in plan.slides) > len(plan.slides) / 2


@pytest.mark.parametrize("wanted", [1, 2, 5, 9, 50])
def test_as_many_slides_as_are_asked_for_if_the_source_has_them(wanted: int) -> None:
    plan = outline_of(DOCUMENT, wanted)
    assert len(plan.slides) <= wanted
    assert len(plan.slides) >= min(wanted, 20)


@pytest.mark.parametrize(
    "source", ["x", "one two three", "# Only a title", "???", "\u4e09\u89d2\u6d32\u3002" * 40]
)
def test_little_and_odd_sources_give_at_least_a_slide(source: str) -> None:
    plan = outline_of(source, None)
    assert plan.slides
    for slide in plan.slides:
        drafted(slide, source)


def test_a_bare_prompt_gives_a_frame_that_says_so() -> None:
    plan = skeleton_of("Make a presentation about river deltas", None)
    assert plan.title == "River deltas"
    assert "no model" in plan.warnings[0]
    assert all(any(p.startswith(MARK) for p in s.points) for s in plan.slides)
    assert [s.title for s in skeleton_of("Deltas; sand; silt; people", None).slides][1:4] == [
        "Sand", "Silt", "People",
    ]  # fmt: skip


def chapters(count: int) -> str:
    return "# Rivers\n\n" + "".join(
        f"## Chapter {n} of it\n\nWater number {n} flows down to the sea.\n\n" for n in range(1, count + 1)
    )


@pytest.mark.parametrize(("count", "shown_of_them"), [(9, range(1, 10)), (10, range(1, 11))])
def test_an_overview_names_every_chapter_that_it_has_room_for(count: int, shown_of_them: range) -> None:
    overview = outline_of(chapters(count), None).slides[1]
    assert overview.title == "Overview"
    assert list(overview.points) == [f"Chapter {n} of it" for n in shown_of_them]


def test_an_overview_of_very_many_chapters_is_of_ten_from_the_first_to_the_last() -> None:
    points = outline_of(chapters(23), None).slides[1].points
    assert len(points) == 10
    assert (points[0], points[-1]) == ("Chapter 1 of it", "Chapter 23 of it")


def test_a_line_below_the_title_is_said_on_the_title_slide_and_has_none_of_its_own() -> None:
    source = chapters(4).replace("# Rivers\n", "# Rivers\n\nA report to the council.\n")
    opening, overview, first, *_ = outline_of(source, None).slides
    assert (opening.title, opening.points) == ("Rivers", ("A report to the council",))
    assert [source[a:b] for a, b in opening.sources] == ["A report to the council."]
    assert (overview.title, first.title) == ("Overview", "Chapter 1 of it")
    assert len(outline_of(source, 4).slides) == 4
    # What says more than that keeps a slide.
    longer = chapters(4).replace(
        "# Rivers\n", "# Rivers\n\nOne thing is said. And a second thing. And a third.\n"
    )
    assert outline_of(longer, None).slides[0].points == ()


def test_a_tag_with_an_address_in_it_is_not_cut_into_sentences() -> None:
    source = (
        '# Badges\n\nA collection of tools <img alt="Stars" src="https://example.org/a?b=c"> for decks.\n'
    )
    points = [p for s in outline_of(source, None).slides for p in s.points]
    assert points == ["A collection of tools for decks"]
