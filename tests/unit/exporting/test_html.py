"""HTML: whole, closed to the outside, and nothing in it that people wrote is markup."""

import re
from html.parser import HTMLParser

from tests.support.slides import bullets, chart, demo, node, slide, source, table, text
from workers.exporting import render
from workers.exporting.source import Source


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "hr", "col", "rect", "path", "line", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "img", "br", "hr", "col", "rect", "path", "line", "circle"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.said.append(data)


def parsed(deck: Source) -> _Page:
    page = _Page()
    page.feed(render(deck, "html").data.decode())
    assert page.open == []
    return page


def test_it_needs_nothing_else() -> None:
    page = parsed(demo())
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        assert "src" not in attributes or str(attributes["src"]).startswith("data:image/")
        assert not [name for name in attributes if name.startswith("on")]
        assert "url(" not in str(attributes.get("style", "")).replace("url(data:image/", "")
    (policy,) = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'$", policy)
    assert sum(t == "script" for t, _ in page.tags) == 1


HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x javascript:alert(1) --> ]]>"


def test_what_people_write_is_text() -> None:
    blocks = [
        text(HOSTILE),
        node("heading", {"text": HOSTILE}),
        bullets(HOSTILE, "[x](javascript:alert(1))", '[y](https://e.org/"onclick=x)'),
        table([HOSTILE, "b"], [HOSTILE, "c"]),
        chart("column", [HOSTILE], **{HOSTILE: [1]}),
        node("quote", {"text": HOSTILE, "by": HOSTILE}),
        node("code", {"text": HOSTILE, "language": HOSTILE[:100]}),
        node("image", {"alt": HOSTILE, "caption": HOSTILE, "asset_id": "pic"}),
        node("image", {"alt": HOSTILE}),
    ]
    page = parsed(source(*(slide(HOSTILE, block, notes=HOSTILE) for block in blocks), title=HOSTILE))
    assert sum(t == "script" for t, _ in page.tags) == 1
    assert not [t for t, a in page.tags if any(n.startswith("on") for n in a)]
    assert not [a for _, a in page.tags if str(a.get("href", "")).lower().startswith("javascript")]
    assert HOSTILE in page.said


def test_links_lead_where_they_say() -> None:
    page = parsed(source(slide("T", text("see [here](https://example.org/a?b=1&c=2)"))))
    (link,) = [a for t, a in page.tags if t == "a"]
    assert link["href"] == "https://example.org/a?b=1&c=2"
    assert link["rel"] == "noopener noreferrer"
