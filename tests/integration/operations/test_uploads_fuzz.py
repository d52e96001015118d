"""Whatever is sent as a file or as Markdown is read, or refused: never a failure, and never a page.

Pure functions of the product, many examples a second; the seed is fixed, so that a run is as the last.
"""

import io
import zipfile

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from commands.importing import ImportRefused, parse_markdown
from infra.http.sniffing import ALLOWED, DOCX, PPTX, sniffed
from tests.support.hostile import TEXTS
from workers.generating.documents import UnreadableSource, read_document

MAGIC = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"RIFF\x00\x00\x00\x00WEBP",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"<html>",
    b"<svg xmlns='http://www.w3.org/2000/svg'>",
    b"<?xml version='1.0'?>",
    b"\xef\xbb\xbf",
    b"",
)
FILES = st.builds(bytes.__add__, st.sampled_from(MAGIC), st.binary(max_size=400))
QUICK = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
PIECES = st.sampled_from(
    [*TEXTS, "# ", "\n\n", "---\n", "- ", "1. ", "> ", "```\n", "| a | b |\n|---|---|\n", "![x](", "<table>",
     "</div>", "\t", "\x00", "\u202e", "[^1]: ", "$$", ":::", "\\", "*" * 30, "&#x41;", "title: x\n"]
)  # fmt: skip
MARKDOWN = st.lists(PIECES | st.text(max_size=20), max_size=40).map("".join)


@given(data=FILES, declared=st.sampled_from([*ALLOWED, "text/html", "image/svg+xml", ""]))
@QUICK
def test_any_bytes_are_sniffed_without_failing(data: bytes, declared: str) -> None:
    assert sniffed(data, declared) in (None, *ALLOWED)


@given(data=FILES, declared=st.sampled_from(ALLOWED))
@QUICK
def test_no_bytes_are_kept_as_what_a_browser_runs(data: bytes, declared: str) -> None:
    found = sniffed(data, declared)
    assert found not in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml")
    # What is text goes out as text, which no browser sniffs: `nosniff` is on every file.
    if found is not None and found.startswith("image/"):
        assert not data.lstrip().startswith(b"<")


def _archive(name: str, data: bytes, flaw: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    whole = out.getvalue()
    return whole[: len(whole) - flaw] if flaw else whole


ARCHIVES = st.builds(
    _archive,
    st.sampled_from(["word/document.xml", "ppt/presentation.xml", "[Content_Types].xml", "../x"]),
    st.binary(max_size=200) | st.just(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    st.integers(0, 40),
)


@given(
    data=ARCHIVES | FILES,
    kind=st.sampled_from([DOCX, PPTX, "application/pdf", "text/markdown", "text/plain"]),
)
@QUICK
def test_any_document_is_read_or_refused(data: bytes, kind: str) -> None:
    try:
        read = read_document(data, kind)
    except UnreadableSource:
        return
    assert "root:" not in read.text


@seed(8)
@given(text=MARKDOWN)
@QUICK
def test_any_markdown_is_a_deck_or_refused(text: str) -> None:
    try:
        deck = parse_markdown(text)
    except ImportRefused:
        return
    assert deck.slides
