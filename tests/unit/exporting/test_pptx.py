"""PPTX, opened by the library that others read such files with."""

import io
import zipfile
from typing import Any

import pytest
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml.ns import qn
from pptx.util import Pt

from domain.theme import BUILT_IN
from tests.support.slides import bullets, chart, demo, node, picture, slide, source, table, text
from workers.exporting import render
from workers.exporting.source import Source
from workers.importing import PptxRefused, read_pptx
from workers.importing.making import as_markdown


def opened(deck: Source) -> Any:
    return Presentation(io.BytesIO(render(deck, "pptx").data))


def first(deck: Source) -> Any:
    return opened(deck).slides[0]


def test_titles_words_and_notes_are_where_powerpoint_looks_for_them() -> None:
    shown = first(source(slide("Title", bullets("a", ("b", 1)), notes="Say hello")))
    assert shown.shapes.title.text_frame.text == "Title"
    (body,) = [p for p in shown.placeholders if p.placeholder_format.idx == 1]
    assert [(p.text, p.level) for p in body.text_frame.paragraphs] == [("a", 0), ("b", 1)]
    assert shown.notes_slide.notes_text_frame.text == "Say hello"


def test_nothing_asks_to_be_clicked() -> None:
    for shown in opened(demo()).slides:
        for placeholder in shown.placeholders:
            assert placeholder.text_frame.text.strip(), placeholder.name


def test_layouts_size_and_theme() -> None:
    theme = list(BUILT_IN.values())[2]
    deck = opened(demo(theme, "4:3"))
    assert (deck.slide_width, deck.slide_height) == (Pt(720), Pt(540))
    names = [s.slide_layout.name for s in deck.slides]
    assert (names[0], names[2]) == ("Title Slide", "Section Header")
    with zipfile.ZipFile(io.BytesIO(render(demo(theme), "pptx").data)) as archive:
        written = archive.read("ppt/theme/theme1.xml").decode()
    assert 'typeface="Poppins"' in written
    assert theme.colors["accent"][1:].upper() in written


def test_inline_marks_are_runs() -> None:
    shown = first(source(slide("T", text("a **b** *c* `d` [e](https://e.org) ~~f~~"))))
    runs = shown.placeholders[1].text_frame.paragraphs[0].runs
    by_text = {r.text: r for r in runs}
    assert by_text["b"].font.bold
    assert by_text["c"].font.italic
    assert by_text["d"].font.name == "JetBrains Mono"
    assert by_text["e"].hyperlink.address == "https://e.org"
    assert by_text["f"].font._element.get("strike") == "sngStrike"


def test_tables_are_tables() -> None:
    shown = first(source(slide("T", table(["River", "Length"], ["Nile", "6,650"]))))
    (found,) = [s.table for s in shown.shapes if s.has_table]
    assert [[c.text_frame.text for c in r.cells] for r in found.rows] == [
        ["River", "Length"],
        ["Nile", "6,650"],
    ]


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("bar", XL_CHART_TYPE.BAR_CLUSTERED),
        ("column", XL_CHART_TYPE.COLUMN_CLUSTERED),
        ("line", XL_CHART_TYPE.LINE_MARKERS),
        ("area", XL_CHART_TYPE.AREA),
        ("pie", XL_CHART_TYPE.PIE),
        ("doughnut", XL_CHART_TYPE.DOUGHNUT),
    ],
)
def test_charts_are_charts(kind: str, type_: XL_CHART_TYPE) -> None:
    shown = first(source(slide("T", chart(kind, ["x", "y"], North=[1, None], South=[3, 4]))))
    (found,) = [s.chart for s in shown.shapes if s.has_chart]
    assert found.chart_type == type_
    assert list(found.plots[0].categories) == ["x", "y"]
    series = [(s.name, list(s.values)) for s in found.plots[0].series]
    wanted = [("North", [1.0, None]), ("South", [3.0, 4.0])]
    assert series == (wanted[:1] if kind in ("pie", "doughnut") else wanted)


@pytest.mark.parametrize("fit", ["contain", "cover", "fill", "none"])
def test_pictures_are_fitted_and_described(fit: str) -> None:
    deck = source(
        slide("T", node("image", {"asset_id": "p", "alt": "A sun", "fit": fit, "caption": "Fig."})),
        pictures={"p": picture(300, 100)},
    )
    shown = first(deck)
    (found,) = [s for s in shown.shapes if hasattr(s, "image")]
    assert found._element._nvXxPr.cNvPr.get("descr") == "A sun"
    ratio = found.width / found.height
    visible = 1 - found.crop_left - found.crop_right, 1 - found.crop_top - found.crop_bottom
    if fit != "fill":
        assert ratio == pytest.approx(3 * visible[0] / visible[1], rel=0.01)
    assert "Fig." in [p.text for s in shown.shapes if s.has_text_frame for p in s.text_frame.paragraphs]


ORDER = ["lnSpc", "spcBef", "spcAft", "buClr", "buFont", "buNone", "buAutoNum", "buChar", "defRPr"]


def test_properties_are_in_the_order_of_the_schema() -> None:
    for shown in opened(demo()).slides:
        for properties in shown._element.iter(qn("a:pPr")):
            names = [child.tag.partition("}")[2] for child in properties]
            assert names == sorted(names, key=ORDER.index)


def test_ids_on_a_slide_are_its_own() -> None:
    for shown in opened(demo()).slides:
        ids = [e.get("id") for e in shown._element.iter(qn("p:cNvPr"))]
        assert len(ids) == len(set(ids))


def test_characters_that_no_xml_may_hold() -> None:
    odd = "a\x01b\x0bc\ufffed"
    blocks = [
        text(odd),
        bullets(odd),
        table([odd], [odd]),
        chart("pie", [odd], **{odd: [1]}),
        node("code", {"text": odd}),
    ]
    deck = source(*(slide(odd, b, notes=odd) for b in blocks), title=odd)
    assert len(opened(deck).slides) == len(blocks)
    assert opened(deck).slides[0].shapes.title.text_frame.text == "ab cd"


def test_words_stand_before_the_picture_behind_them() -> None:
    deck = source(slide("T", bullets("one"), background="asset:p"), pictures={"p": picture()})
    names = [s.name for s in first(deck).shapes]
    assert names[:2] == ["Background", "Shade"]
    assert "T" in [s.text_frame.text for s in list(first(deck).shapes)[2:] if s.has_text_frame]


def test_nothing_is_drawn_that_the_deck_does_not_say() -> None:
    written = opened(demo())
    for shown in written.slides:
        # The library's style brings shadows, its layout of sections capitals.
        assert shown._element.find(".//" + qn("p:style")) is None
    for layout in written.slide_layouts:
        assert not [e for e in layout._element.iter(qn("a:defRPr")) if e.get("cap")]


def test_links_have_the_color_of_their_page() -> None:
    deck = source(slide("T", text("see [here](https://e.org)"), layout="section"))
    links = list(first(deck)._element.iter(qn("a:hlinkClick")))
    assert len(links) == 1
    fill = links[0].getparent().find(qn("a:solidFill"))
    assert fill[0].get("val") == "bg1"
    assert "hlinkClr" in links[0][0][0][0].tag


def ids(data: bytes, media_type: str) -> str:
    return f"{media_type} {len(data)}"


def test_a_deck_of_ours_is_read_again() -> None:
    deck = read_pptx(render(demo(), "pptx").data, ids)
    titles = [s.content["title"] for s in deck.slides]
    assert titles[:3] == ["River deltas", "Sediment", "Where it goes"]
    assert (deck.title, deck.aspect) == ("How river deltas grow", "16:9")
    kinds = [[b.type for b in s.blocks] for s in deck.slides]
    assert kinds[1] == ["bullets"]
    items = deck.slides[1].blocks[0].content["items"]
    assert [(i["text"], i["level"]) for i in items] == [
        ("A river slows", 0), ("sand falls", 1), ("clay last", 2), ("1. first", 0), ("2. second", 0),
    ]  # fmt: skip
    charts = [b.content["kind"] for s in deck.slides for b in s.blocks if b.type == "chart"]
    assert charts == ["bar", "column", "line", "area", "pie", "doughnut", "pie"]
    assert [b.content["columns"][0]["text"] for s in deck.slides for b in s.blocks if b.type == "table"] == [
        "River"
    ]
    assert deck.slides[0].content["notes"] == "Welcome everybody."
    assert len(deck.pictures) == 1
    assert as_markdown(deck).startswith('---\ntitle: "How river deltas grow"')


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip at all"])
def test_what_is_no_pptx_is_refused(data: bytes) -> None:
    with pytest.raises(PptxRefused):
        read_pptx(data, ids)


def test_a_zip_of_something_else_is_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(PptxRefused):
        read_pptx(written.getvalue(), ids)
