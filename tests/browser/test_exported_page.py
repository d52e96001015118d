"""An exported page in a real browser: it shows itself, by keys, and asks nobody for anything."""

from pathlib import Path

import pypdfium2
from playwright.sync_api import Browser

from tests.support.slides import demo
from workers.exporting import render


def test_it_is_shown_by_keys_and_loads_nothing(browser: Browser, tmp_path: Path) -> None:
    made = render(demo(), "html")
    file = tmp_path / "deck.html"
    file.write_bytes(made.data)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    shown = page.locator(".page.now")
    assert shown.count() == 1
    assert shown.locator("h1").inner_text() == "River deltas"
    page.keyboard.press("ArrowRight")
    assert shown.locator("h1").inner_text() == "Sediment"
    page.keyboard.press("End")
    assert shown.locator("h1").inner_text() == "Thanks"
    page.keyboard.press("Home")
    page.keyboard.press("n")
    assert shown.locator(".notes").is_visible()
    overflowing = page.evaluate(
        "[...document.querySelectorAll('.fit')].filter(b => b.scrollHeight > b.clientHeight + 3)"
        ".map(b => [b.innerText.slice(0, 40), b.scrollHeight, b.clientHeight])"
    )
    assert overflowing == []
    assert [url for url in asked if not url.startswith(("data:", file.as_uri()))] == []
    assert said == []
    assert page.evaluate("document.querySelectorAll('.page').length") == made.pages
    page.close()


def test_it_prints_a_page_a_slide(browser: Browser, tmp_path: Path) -> None:
    made = render(demo(), "html")
    file = tmp_path / "deck.html"
    file.write_bytes(made.data)
    page = browser.new_page()
    page.goto(file.as_uri())
    printed = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    assert len(printed) == made.pages
    page.close()
