"""One slide as Markdown, tried out: what comes back otherwise is said exactly."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from commands.importing import ImportedBlock, ImportedSlide, ImportRefused, exact, parse_markdown
from domain.content import new_content
from workers.exporting.markdown_blocks import written
from workers.exporting.source import Node

_APART: Final = "<!-- -->"
"""Stands between two lists or quotes that would be read as one."""
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#&~|!])")
_PROBE: Final = '---\ntitle: "-"\n---\n\n'


@dataclass(slots=True)
class SlideText:
    """A slide: its settings, lines of front matter; and its parts, to stand an empty line apart."""

    settings: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


def bare(content: Any) -> Any:
    """Return a content without the ids of its entries, which an import makes anew."""
    if isinstance(content, dict):
        return {key: bare(value) for key, value in content.items() if key != "id"}
    return [bare(value) for value in content] if isinstance(content, list) else content


def same(slide: Node, back: ImportedSlide) -> bool:
    """Tell whether a slide came back as it was, but for ids."""
    if _completed("slide", back.content) != _completed("slide", slide.content):
        return False
    return _read(back.blocks) == _had(slide.children)


def slide_text(slide: Node) -> SlideText:
    """Write a slide as Markdown as far as Markdown goes."""
    content = slide.content
    settings = [f"layout: {content['layout']}"] if content["layout"] != "content" else []
    if background := content["background"]:
        settings.append(f'background: "{background}"')
    body = _parts(slide.children)
    notes = [f"<!--\n{content['notes']}\n-->"] if content["notes"] else []
    title = content["title"]
    for heading in dict.fromkeys((title, _SPECIAL.sub(r"\\\1", title))):
        found = SlideText(settings, [*([f"# {heading}"] if heading else []), *body, *notes])
        if _comes_back(slide, found):
            return found
    said = exact.write({"slide": dict(content)})
    found = SlideText([], [said, *([f"# {title}"] if title else []), *body])
    if _comes_back(slide, found):
        return found
    found = SlideText([], [said, *body])
    return found if _comes_back(slide, found) else exactly(slide)


def exactly(slide: Node) -> SlideText:
    """Write a slide as comments alone."""
    return SlideText([], [exact.write({"slide": dict(slide.content)}), *_alone(slide.children)])


def _comes_back(slide: Node, found: SlideText) -> bool:
    text = "\n".join(["---", 'title: "-"', *found.settings, "---", "", "\n\n".join(found.parts)])
    back = _parsed(text)
    return back is not None and same(slide, back)


def _parts(nodes: Sequence[Node]) -> list[str]:
    parts: list[str] = []
    before = ""
    for node in nodes:
        if node.type == "group":
            parts.append(exact.write({"group": node.content["direction"]}))
            parts += _parts(node.children)
            parts.append(exact.write({"end": "group"}))
        else:
            if node.type == before:
                parts.append(_APART)
            parts += _part(node)
        before = node.type if node.type in ("bullets", "quote", "callout") else ""
    return parts


def _part(node: Node) -> list[str]:
    """Write a block; a comment before it says what it cannot."""
    content = bare(dict(node.content))
    text = written(node.type, content)
    back = _parsed(f"{_PROBE}# -\n\n{text}") if text else None
    if back is None or len(back.blocks) != 1:
        return _alone([node])
    block = back.blocks[0]
    if block.type != node.type:
        return [exact.write({"type": node.type, "content": content}), text]
    found = bare(_completed(block.type, block.content))
    changed = {name: value for name, value in content.items() if found[name] != value}
    return [exact.write({"with": changed}), text] if changed else [text]


def _alone(nodes: Sequence[Node]) -> list[str]:
    parts: list[str] = []
    for node in nodes:
        if node.type == "group":
            parts += [exact.write({"group": node.content["direction"]}), *_alone(node.children)]
            parts.append(exact.write({"end": "group"}))
        else:
            parts.append(exact.write({"type": node.type, "content": bare(dict(node.content)), "alone": True}))
    return parts


def _parsed(text: str) -> ImportedSlide | None:
    try:
        slides = parse_markdown(text).slides
    except ImportRefused:
        return None
    return slides[0] if len(slides) == 1 else None


def _had(nodes: Sequence[Node]) -> list[Any]:
    return [(n.type, bare(_completed(n.type, n.content)), _had(n.children)) for n in nodes]


def _read(blocks: Sequence[ImportedBlock]) -> list[Any]:
    return [(b.type, bare(_completed(b.type, b.content)), _read(b.children)) for b in blocks]


def _completed(block_type: str, content: Any) -> dict[str, Any]:
    return new_content(block_type, content, str)
