"""PDF and PNG, opened by another program."""

import io
import zipfile

import pypdfium2
import pytest
from PIL import Image

from domain.theme import BUILT_IN, Theme
from tests.support.slides import bullets, chart, demo, node, slide, source, table, text
from workers.exporting import render
from workers.exporting.glyphs import missing
from workers.exporting.source import Source


def opened(deck: Source) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(render(deck, "pdf").data)


def words_of(page: pypdfium2.PdfPage) -> str:
    return "".join(page.get_textpage().get_text_range().split())


@pytest.mark.parametrize("theme", BUILT_IN.values(), ids=lambda theme: theme.name)
def test_the_words_of_a_deck_are_on_its_pages(theme: Theme) -> None:
    pdf = opened(demo(theme))
    assert "Riverdeltas" in words_of(pdf[0])
    sediment = words_of(pdf[1])
    for word in ("Ariverslows", "sandfalls", "1.", "first"):
        assert word in sediment
    assert pdf[0].get_size() == (960, 540)


def test_four_to_three() -> None:
    assert opened(demo(aspect="4:3"))[0].get_size() == (720, 540)


HOSTILE = '#panic("x") ] } $ #read("/etc/passwd") \\ "quoted" `raw` <label> @ref // /* = head - item'


def test_what_people_write_is_never_run() -> None:
    blocks = [
        text(HOSTILE.replace("`", "")),
        node("code", {"text": HOSTILE, "language": HOSTILE[:40]}),
        table([HOSTILE, "b"], [HOSTILE, "c"]),
        chart("column", [HOSTILE], **{HOSTILE: [1]}),
        node("quote", {"text": "q", "by": HOSTILE}),
    ]
    pdf = opened(source(*(slide(HOSTILE, block) for block in blocks), title=HOSTILE))
    assert len(pdf) == len(blocks)
    for page in pdf:
        assert '#panic("x")]}$#read("/etc/passwd")' in words_of(page)


def test_long_text_is_whole() -> None:
    words = [f"w{i}" for i in range(1_200)]
    pdf = opened(source(slide("Long", text(" ".join(words)), bullets(*words[:90]))))
    assert len(pdf) > 1
    said = "".join(words_of(page) for page in pdf)
    for word in words:
        assert word in said


def test_a_deck_without_slides_has_a_page_with_its_title() -> None:
    pdf = opened(source(title="Nothing yet"))
    assert (len(pdf), words_of(pdf[0])) == (1, "Nothingyet")


def test_letters_without_a_picture_are_told() -> None:
    made = render(source(slide("T", text("Greek αβγ, an arrow →, 中文"))), "pdf")
    (told,) = [w for w in made.warnings if "letters" in w]
    assert "中文" in told
    assert "\u03b1" not in told
    assert missing(["plain", "→ ✓"]) == ("", False)
    letters, more = missing(["".join(chr(c) for c in range(0x4E00, 0x4E80))])
    assert more
    assert letters


def test_one_page_is_a_png_and_several_are_a_zip_of_them() -> None:
    one = render(source(slide("One")), "png")
    assert (one.media_type, one.name) == ("image/png", "A deck.png")
    assert Image.open(io.BytesIO(one.data)).size == (1920, 1080)
    many = render(demo(), "png")
    assert many.media_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(many.data)) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert len(names) == many.pages
        assert Image.open(io.BytesIO(archive.read(names[-1]))).format == "PNG"


@pytest.mark.parametrize(
    "values",
    [
        [0, 0],
        [None, None],
        [1e300, -1e300],
        [1e-300, 2e-300],
        [-5, -1],
        [5e-324, 0],
        [1.7e308, -1.7e308],
        [1, 1],
    ],
)
@pytest.mark.parametrize("kind", ["bar", "column", "line", "area", "pie", "doughnut"])
def test_charts_of_any_numbers(kind: str, values: list[float | None]) -> None:
    deck = source(slide("T", chart(kind, ["a\x01", "<b>&"], **{"s\x02<": values})))
    assert len(opened(deck)) == 1
    assert render(deck, "pptx").pages == 1
    assert render(deck, "html").pages == 1


def test_a_chart_of_the_most_numbers() -> None:
    most = chart(
        "line", [f"category {i}" for i in range(200)], **{f"series {i}": range(200) for i in range(20)}
    )
    assert len(opened(source(slide("T", most)))) == 1
