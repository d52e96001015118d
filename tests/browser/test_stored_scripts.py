"""What people write never runs: in the studio, nor in an exported page; in a real browser."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Service
from tests.support.hostile import ALL, BLOCKS, TEXTS
from tests.support.slides import node, slide, source
from workers.exporting import render

# What could run, or lead to what runs, wherever it is in a page.
RUNNABLE = """() => {
  const found = [];
  for (const e of document.querySelectorAll('*')) {
    for (const a of e.attributes) {
      if (/^on/i.test(a.name)) found.push(e.tagName + ' ' + a.name);
      if (['href', 'src', 'action', 'formaction', 'xlink:href', 'srcdoc', 'data'].includes(a.name)
          && /^[\\s\\u0000-\\u001f]*(javascript|vbscript|data:text)/i.test(a.value))
        found.push(e.tagName + ' ' + a.name + '=' + a.value.slice(0, 30));
    }
    if (['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'FORM'].includes(e.tagName) && e.closest('#app') === null
        && e.tagName !== 'FORM') found.push(e.tagName);
    if (e.tagName === 'SCRIPT' && e.textContent.includes('owned')) found.push('SCRIPT');
  }
  return found;
}"""


def watched(page: Page) -> list[str]:
    """Collect what must not happen: dialogs, errors, refusals by the page's own policy."""
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def test_nothing_stored_runs_in_the_studio(browser: Browser, service: Service) -> None:
    ada = service.user("ada")
    project = ada.command("create-project", title=TEXTS[1])["project_id"]
    made = ada.command("add-block", project_id=project, type="slide", content={"title": ALL, "notes": ALL})
    for kind, content in BLOCKS:
        ada.command(
            "add-block",
            project_id=project,
            parent_id=made["result"]["block_id"],
            type=kind,
            content=content,
        )
    ada.command("open-comment", project_id=project, text=ALL)
    last = ada.post("name-version", {"project_id": project, "name": TEXTS[1]}).json()
    assert ada.get("/projects", min_position=last["position"]).json()["items"]

    page = browser.new_context().new_page()
    said = watched(page)
    page.goto(service.read_url)
    page.get_by_test_id("login-token").fill(service.token("ada"))
    page.get_by_test_id("login-submit").click()
    item = page.locator(f'[data-testid="project-item"][data-project-id="{project}"]')
    expect(item).to_contain_text("<img src=x")
    item.click()
    expect(page.get_by_test_id("live-status")).to_have_attribute("data-state", "live")
    expect(page.locator('[data-testid="block"]').first).to_be_visible()
    expect(page.locator("#app")).to_contain_text("<script>window.owned=1</script>")
    page.get_by_test_id("history-toggle").click()
    expect(page.get_by_test_id("history-item").first).to_be_visible()
    assert page.evaluate(RUNNABLE) == []
    assert page.evaluate("window.owned") is None
    assert said == []
    page.close()


def test_the_studios_policy_refuses_what_would_run(browser: Browser, service: Service) -> None:
    """Were there a hole in the page, the policy would still be there."""
    page = browser.new_context().new_page()
    page.goto(service.read_url)
    page.evaluate(
        """() => {
          const s = document.createElement('script');
          try { s.textContent = 'window.owned=1'; document.body.append(s); } catch { /* trusted types */ }
          const i = document.createElement('img');
          try { i.setAttribute('onerror', 'window.owned=1'); } catch { /* trusted types */ }
          i.src = '/nowhere'; document.body.append(i);
        }"""
    )
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.owned") is None
    refused = page.evaluate(
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true } })()"
    )
    assert refused, "text becomes markup"
    page.close()


def test_nothing_stored_runs_in_an_exported_page(browser: Browser, tmp_path: Path) -> None:
    blocks = [node(kind, content) for kind, content in BLOCKS]
    deck = source(*(slide(ALL, block, notes=ALL) for block in blocks), title=ALL)
    file = tmp_path / "deck.html"
    file.write_bytes(render(deck, "html").data)
    page = browser.new_page()
    said = watched(page)
    page.goto(file.as_uri())
    for _ in blocks:
        page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    assert page.evaluate(RUNNABLE) == []
    assert page.evaluate("window.owned") is None
    assert said == []
    page.close()
