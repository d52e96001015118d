"""Markdown that `import-markdown` makes the same deck of again.

Every slide is read back as it is written. What comes back otherwise than it was gets a comment before it that says
to the letter what it is (`commands.importing.exact`), so other programs show something close and ours the same.
Ids do not come along, and pictures stay where they are.
"""

import json
from collections.abc import Sequence

from commands.importing import ImportRefused, parse_markdown
from commands.importing.model import MOST_CHARACTERS
from workers.exporting.markdown_slides import SlideText, exactly, same, slide_text
from workers.exporting.source import Source


def render(source: Source) -> tuple[bytes, list[str]]:
    """Write the deck, and tell what an import would not bring back."""
    warnings: list[str] = []
    slides = [slide_text(slide) for slide in source.slides]
    text = _document(source, slides)
    for index in _differing(source, text):
        # What one slide says can change another, as the definition of a link does: then all of it is exact.
        slides[index] = exactly(source.slides[index])
    text = _document(source, slides)
    if len(text) > MOST_CHARACTERS:
        warnings.append(f"The text is longer than the {MOST_CHARACTERS:,} characters that an import takes.")
    if source.assets:
        warnings.append("Uploaded pictures are named, but they are not in the file.")
    return text.encode(), warnings


def _document(source: Source, slides: Sequence[SlideText]) -> str:
    project = source.project
    head = [f"title: {json.dumps(project.title, ensure_ascii=False)}"]
    if project.aspect != "16:9":
        head.append(f"aspectRatio: {project.aspect.replace(':', '/')}")
    if source.theme.owner is None and project.theme_id is not None:
        head.append(f"theme: {source.theme.name}")
    parts: list[str] = []
    for index, slide in enumerate(slides):
        settings = [*(() if index else head), *slide.settings]
        parts.append("\n".join(["---", *settings, "---"]) if settings else "---")
        parts += slide.parts
    return "\n\n".join(parts or ["\n".join(["---", *head, "---"])]) + "\n"


def _differing(source: Source, text: str) -> list[int]:
    """Find the slides that do not come back as they are."""
    try:
        back = parse_markdown(text).slides
    except ImportRefused:
        return []
    if len(back) != len(source.slides):
        return list(range(len(source.slides)))
    return [
        i for i, (slide, found) in enumerate(zip(source.slides, back, strict=True)) if not same(slide, found)
    ]
