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


def test_two_people_see_each_other_and_settle_what_they_disagree_on(
    browser: Browser, service: Service
) -> None:
    ada, bob = service.user("ada"), service.user("bob")
    project, _, (text,) = ada.deck("first words")
    position = ada.command("grant-access", project_id=project, user="bob", role="editor")["position"]
    assert bob.get("/projects", min_position=position).json()["items"]
    one, problems_one = opened(browser, service, "ada", project)
    expect(one.get_by_test_id("here-nobody")).to_be_visible()
    two, problems_two = opened(browser, service, "bob", project)
    expect(one.locator('[data-testid="here-face"][data-user="bob"]')).to_be_visible()
    block(two, text).click()
    expect(block(one, text).get_by_test_id("occupants")).to_contain_text("bob")
    two.keyboard.press("Control+Shift+ArrowLeft")
    expect(block(one, text).get_by_test_id("occupants")).to_have_text("bob: “words”")
    two.keyboard.press("End")
    expect(block(one, text).get_by_test_id("occupants")).to_have_text("bob")
    two.mouse.move(600, 400)
    two.mouse.move(620, 420)
    expect(one.locator('[data-testid="pointer"][data-user="bob"]')).to_be_visible()
    two.keyboard.press("Escape")
    expect(block(one, text).get_by_test_id("occupants")).to_have_count(0)

    one.get_by_test_id("conflicts-toggle").click()
    expect(one.get_by_test_id("conflicts-none")).to_be_visible()
    edit = {"project_id": project, "block_id": text, "base_version": 1}
    ada.command("edit-block", **edit, changes={"text": "her words"})
    bob.command("edit-block", **edit, changes={"text": "his words"})
    expect(two.get_by_test_id("conflicts-toggle")).to_contain_text("1 conflict")
    one.get_by_test_id("conflict-settle").click()
    one.get_by_test_id("settle-value").fill("their words")
    one.get_by_test_id("settle-edited").click()
    for page in (one, two):
        expect(block(page, text)).to_contain_text("their words")
        expect(page.get_by_test_id("conflicts-toggle")).to_have_attribute("data-count", "0")
    two.close()
    expect(one.get_by_test_id("here-nobody")).to_be_visible()
    assert problems_one == []
    assert problems_two == []


def test_a_page_finds_back_after_its_gateway_was_killed(browser: Browser, service: Service) -> None:
    ada = service.user("ada")
    project, _, (text,) = ada.deck("before")
    page, _ = opened(browser, service, "ada", project)
    service.descendants()["read"].kill()
    ada.command("edit-block", project_id=project, block_id=text, changes={"text": "while it was away"})
    expect(block(page, text)).to_contain_text("while it was away", timeout=30 * SECOND)
    expect(page.get_by_test_id("live-status")).to_have_attribute("data-state", "live")


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
