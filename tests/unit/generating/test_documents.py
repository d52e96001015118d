"""Documents of all kinds as source text."""

import io
import json
import zipfile
from uuid import uuid4

import pytest
import typst
from docx import Document
from pydantic import ValidationError

from commands.messages import RequestGeneration
from commands.messages.jobs import SOURCE_LENGTH
from infra.http.validation import invalid
from tests.support.slides import demo
from workers.exporting import render
from workers.generating.documents import UnreadableSource, read_document, source_of
from workers.generating.extracting import outline_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def a_docx() -> bytes:
    document = Document()
    document.add_heading("River deltas", 0)
    document.add_heading("How they form", 1)
    document.add_paragraph("Slow water cannot carry *sand*. It settles.")
    document.add_paragraph("sand", style="List Bullet")
    document.add_paragraph("silt", style="List Bullet 2")
    table = document.add_table(2, 2)
    for cell, words in zip((c for r in table.rows for c in r.cells), ["a|b", "c", "d", "e"], strict=True):
        cell.text = words
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def a_pdf() -> bytes:
    pages = "\n\n#pagebreak()\n\n".join(
        f"= Part {n}\n#lorem(60)\n\n- one of {kind}\n- another of {kind}"
        for n, kind in enumerate(("sand", "silt", "clay"), 1)
    )
    text = f"#set page(header: [Deltas], footer: context counter(page).display())\n{pages}"
    return bytes(typst.compile(text.encode(), format="pdf"))


def test_a_docx_becomes_headings_lists_and_tables() -> None:
    text = read_document(a_docx(), DOCX).text
    assert text.startswith("# River deltas\n")
    assert "\n## How they form\n" in text
    assert "Slow water cannot carry \\*sand\\*. It settles." in text
    assert "- sand\n  - silt" in text
    assert "| a\\|b | c |\n| --- | --- |\n| d | e |" in text


def test_a_pdf_becomes_paragraphs_without_the_furniture_of_its_pages() -> None:
    text = read_document(a_pdf(), "application/pdf").text
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        "## Part 1",
        "## Part 2",
        "## Part 3",
    ]
    assert "- one of silt\n- another of silt" in text
    assert "Deltas" not in text
    assert max(len(line) for line in text.split("\n")) > 200


def test_a_pptx_becomes_what_its_slides_say() -> None:
    plan = outline_of(read_document(render(demo(), "pptx").data, "x").text, None)
    assert plan.title == "How river deltas grow"
    sediment = next(s for s in plan.slides if s.title == "Sediment")
    assert sediment.points[:2] == ("A river slows", "  sand falls")
    assert any("Heraclitus" in p or "same river" in p for s in plan.slides for p in s.points)


def test_the_bytes_decide_and_not_the_name() -> None:
    assert read_document(a_docx(), "text/plain").text == read_document(a_docx(), DOCX).text
    assert read_document("# Größe".encode(), "text/markdown").text == "# Größe"
    assert read_document("# Größe".encode("utf-16"), "text/plain").text == "# Größe"


def test_what_is_too_long_is_cut_and_says_so_with_the_limit() -> None:
    source = source_of("a" * (SOURCE_LENGTH + 1))
    assert len(source.text) == SOURCE_LENGTH == 400_000
    assert "400,000" in source.warnings[0]
    assert source_of("a" * SOURCE_LENGTH).warnings == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no text"),
        (b"  \n ", "holds no text"),
        (b"%PDF-1.7 broken", "locked or broken"),
        (b"PK\x03\x04 broken", "cannot be read as DOCX"),
        (b"\x00\x01\x02\xff" * 50, "no text that could be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableSource, match=words):
        read_document(data, "text/plain")


def test_a_file_that_unfolds_into_too_much_is_not_unfolded() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * (201 * 2**20))
    assert len(written.getvalue()) < 2**20
    with pytest.raises(UnreadableSource, match="unfolds into too much"):
        read_document(written.getvalue(), DOCX)


def test_a_text_past_the_limit_is_refused_with_it() -> None:
    asked = {"project_id": str(uuid4()), "source_text": "a" * (SOURCE_LENGTH + 1)}
    with pytest.raises(ValidationError) as refused:
        RequestGeneration.model_validate_json(json.dumps(asked))
    [problem] = invalid(refused.value).errors
    assert (problem.field, problem.limit) == ("source_text", 400_000)
