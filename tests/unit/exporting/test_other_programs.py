"""PPTX files as a program reads them that has nothing to do with the library that wrote them."""

import os
import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest

from tests.support.slides import demo
from workers.exporting import render


@pytest.fixture(scope="module")
def office() -> str:
    """LibreOffice from PATH. Without it, the test is skipped; where it is required, it fails."""
    path = shutil.which("soffice") or shutil.which("libreoffice")
    if path is None:
        if os.environ.get("DECKLOG_REQUIRE_OFFICE"):
            pytest.fail("LibreOffice is required here, and there is none on PATH")
        pytest.skip("there is no LibreOffice on PATH")
    return path


def test_another_program_shows_each_slide_with_its_words(office: str, tmp_path: Path) -> None:
    made = render(demo(), "pptx")
    file = tmp_path / "deck.pptx"
    file.write_bytes(made.data)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    subprocess.run(
        [office, "--headless", home, "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)],
        check=True,
        capture_output=True,
        timeout=110,
    )
    shown = pypdfium2.PdfDocument(tmp_path / "deck.pdf")
    assert len(shown) == made.pages
    pages = [" ".join(page.get_textpage().get_text_range().split()) for page in shown]
    for page, words in ((0, "River deltas"), (2, "Where it goes"), (10, "Nile"), (19, "On a picture")):
        assert words in pages[page]
    # What lies behind words is a picture, and the words are before it: they are bright on dark.
    picture = shown[19].render(scale=1).to_pil().convert("L")
    title = picture.crop((40, 30, 300, 60))
    assert title.getextrema()[1] > 220
