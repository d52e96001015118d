"""From a document to a file: an outline, approved; slides that appear; suggestions decided on; exports saved."""

import re
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect
from pptx import Presentation

from tests.e2e.conftest import Service

PATIENCE = 60_000
ARTICLE = """# River deltas

A delta forms where a river meets standing water and drops its load. Most of the load is sand and silt.

## How they form

Slow water cannot carry sand. The sand settles first, near the mouth. Silt and clay settle farther out.

## Kinds of delta

| Kind | Shaped by | Example |
| --- | --- | --- |
| Bird's foot | river | Mississippi |
| Arcuate | waves | Nile |

## Why they matter

- Half a billion people live on deltas
- They feed whole regions
"""


def entered(browser: Browser, service: Service, user: str) -> tuple[Page, list[str]]:
    problems: list[str] = []
    page = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True).new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(service.read_url)
    page.get_by_test_id("login-token").fill(service.token(user))
    page.get_by_test_id("login-submit").click()
    return page, problems


def exported(page: Page, form: str, folder: Path) -> Path:
    with page.expect_download(timeout=PATIENCE) as started:
        page.get_by_test_id("export-open").click()
        page.get_by_test_id(f"export-{form}").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


@pytest.mark.timeout(300)
def test_a_document_becomes_a_deck_and_the_deck_a_file(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    document = tmp_path / "river_deltas.md"
    document.write_text(ARTICLE)
    page, problems = entered(browser, service, "ada")

    # What cannot be read is refused in words, and nothing is lost by it.
    page.get_by_test_id("source-open").first.click()
    odd = tmp_path / "odd.exe"
    odd.write_bytes(b"MZ")
    page.get_by_test_id("source-file").set_input_files(odd)
    expect(page.get_by_test_id("source-dialog").get_by_role("alert")).to_contain_text(".exe")
    page.get_by_test_id("source-file").set_input_files(document)
    page.get_by_test_id("source-submit").click()

    # The outline waits for a word: one title is changed, one slide left out.
    outline = page.get_by_test_id("outline-dialog")
    expect(outline).to_be_visible(timeout=PATIENCE)
    titles = page.get_by_test_id("outline-title")
    count = titles.count()
    assert count >= 4
    titles.nth(0).fill("Where rivers end")
    page.get_by_test_id("outline-remove").nth(count - 1).click()
    page.get_by_test_id("outline-approve").click()

    # Slides appear by themselves, and the job says that it is done.
    job = page.locator('[data-testid="job"][data-kind="generation"]')
    expect(job).to_have_attribute("data-state", "succeeded", timeout=PATIENCE)
    expect(page.locator(".thumb")).to_have_count(count - 1)
    expect(page.locator(".thumb").first).to_contain_text("Where rivers end")

    # Read critically, the deck gets suggestions; a picture is drawn where there was none; one suggestion is taken.
    page.get_by_test_id("make-open").click()
    page.get_by_test_id("make-suggestions").click()
    suggestions = page.get_by_test_id("suggestion")
    thinking = page.locator('[data-testid="job"][data-kind="thinking"]')
    expect(thinking).to_have_attribute("data-state", "succeeded", timeout=PATIENCE)
    page.get_by_test_id("make-open").click()
    page.get_by_test_id("make-picture").click()
    page.get_by_test_id("picture-prompt").fill("A delta seen from above")
    page.get_by_test_id("picture-submit").click()
    expect(page.locator('[data-testid="job"][data-kind="image"]')).to_have_attribute(
        "data-state", "succeeded", timeout=PATIENCE
    )
    expect(page.locator(".canvas img")).to_be_visible(timeout=PATIENCE)
    before = suggestions.count()
    assert before >= 1
    page.get_by_test_id("suggestion-accept").first.click()
    expect(suggestions).to_have_count(before - 1)

    pptx = exported(page, "pptx", tmp_path)
    shown = [s.shapes.title.text for s in Presentation(str(pptx)).slides if s.shapes.title]
    assert shown[0] == "Where rivers end"
    pdf = exported(page, "pdf", tmp_path)
    assert re.fullmatch(r".*\.pdf", pdf.name)
    assert len(pypdfium2.PdfDocument(pdf)) >= count - 1
    assert problems == []
