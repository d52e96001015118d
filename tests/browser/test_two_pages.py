"""Two people, two pages, one deck."""

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Service

SECOND = 1_000


def opened(browser: Browser, service: Service, user: str, project: str) -> tuple[Page, list[str]]:
    """Log in by pasting a token, and open a project from the list."""
    problems: list[str] = []
    page = browser.new_context().new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(service.read_url)
    page.get_by_test_id("login-token").fill(service.token(user))
    page.get_by_test_id("login-submit").click()
    page.locator(f'[data-testid="project-item"][data-project-id="{project}"]').click()
    expect(page.get_by_test_id("live-status")).to_have_attribute("data-state", "live")
    return page, problems


def block(page: Page, block_id: str) -> Any:
    return page.locator(f'[data-testid="block"][data-block-id="{block_id}"]')


def test_an_edit_in_one_page_appears_in_the_other_within_a_second(browser: Browser, service: Service) -> None:
    ada = service.user("ada")
    project, _, (text,) = ada.deck("first words")
    position = ada.command("grant-access", project_id=project, user="bob", role="editor")["position"]
    assert service.user("bob").get("/projects", min_position=position).json()["items"]
    one, problems_one = opened(browser, service, "ada", project)
    two, problems_two = opened(browser, service, "bob", project)
    expect(block(two, text)).to_contain_text("first words")

    block(one, text).click()
    editor = one.get_by_test_id("block-editor").first
    editor.fill("second words")
    editor.press("Control+Enter")
    expect(one.get_by_test_id("saved")).to_be_visible()
    expect(block(two, text)).to_contain_text("second words", timeout=SECOND)

    # And back: what bob types, ada sees; and the history tells who did what.
    block(two, text).click()
    editor = two.get_by_test_id("block-editor").first
    editor.fill("third words")
    editor.press("Control+Enter")
    expect(block(one, text)).to_contain_text("third words", timeout=2 * SECOND)
    one.get_by_test_id("history-toggle").click()
    expect(one.get_by_test_id("history-item").first).to_contain_text("bob")
    assert problems_one == []
    assert problems_two == []


def test_what_people_write_never_becomes_markup(browser: Browser, service: Service) -> None:
    ada = service.user("ada")
    hostile = '<img src=x onerror="window.hit=1"><script>window.hit=1</script> [x](javascript:window.hit=1) **bold**'
    project, _, (text,) = ada.deck(hostile)
    ada.command("rename-project", project_id=project, title="<b onmouseover=window.hit=1>deck</b>")
    page, problems = opened(browser, service, "ada", project)
    expect(block(page, text)).to_contain_text("<script>")
    assert page.evaluate("window.hit") is None
    assert page.locator('a[href^="javascript"]').count() == 0
    assert problems == []
