"""Images in inline Markdown, which stand in the deck as blocks where they stand alone in the source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from markdown_it import MarkdownIt

from domain.content import ContentInvalid, new_content

_LONGEST_PARSED: Final = 4_096
"""Characters of a paragraph that is looked into; an image with an address of the longest is shorter."""
_MARKS: Final = re.compile(r"[\[`*_~<]")
_MOST_MARKS: Final = 100
"""Marks in it; the parser looks for the partner of each, at worst to the end of the text."""


@dataclass(slots=True)
class Images:
    """The images of a paragraph, as contents of image blocks; `alone`: there is nothing else in it."""

    found: list[dict[str, str]] = field(default_factory=list)
    alone: bool = False


def images_in(parser: MarkdownIt, text: str, references: Mapping[str, Mapping[str, Any]]) -> Images:
    """Find the images that a block can hold; those of other addresses (file:, data:) are left to the text."""
    images = Images()
    if "![" not in text or len(text) > _LONGEST_PARSED or len(_MARKS.findall(text)) > _MOST_MARKS:
        return images
    (parsed,) = parser.parseInline(text, {"references": dict(references)})
    images.alone = True
    for child in parsed.children or ():
        if child.type == "image":
            image = {
                "url": str(child.attrs.get("src", "")),
                "alt": child.content,
                "caption": str(child.attrs.get("title", "")),
            }
            if is_image(image):
                images.found.append(image)
                continue
        if child.type != "softbreak" and child.content.strip():
            images.alone = False
    images.alone = images.alone and bool(images.found)
    return images


def is_image(content: Mapping[str, str]) -> bool:
    """Whether an image block can hold this."""
    try:
        new_content("image", content, str)
    except ContentInvalid:
        return False
    return True
