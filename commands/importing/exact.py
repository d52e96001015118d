"""Comments that say to the letter what Markdown has no words for: what our own Markdown export writes.

Other programs do not show them. `<!-- decklog: {…} -->` holds an object with one of

- `slide`: fields of the slide that it stands on,
- `slot`: the name of a column that begins here,
- `group`: the direction of a group that begins here, and `end` where it ends,
- `with`: fields of the block that follows, in place of what it would have,
- `type` and `content`: what the block that follows is; if `alone`, there is none to follow.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.content import BLOCK_TYPES, ContentInvalid, new_content

MARK: Final = "decklog:"
_LONGEST: Final = 100_000
_LONGEST_SLOT: Final = 20
_DIRECTIONS: Final = ("row", "column")


class Unreadable(ValueError):
    """No such comment; the message goes after "it"."""


@dataclass(frozen=True, slots=True)
class Exact:
    """What one comment says."""

    slide: dict[str, Any] | None = None
    group: str | None = None
    ends: bool = False
    slot: str | None = None
    type: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    alone: bool = False

    def instead_of(
        self, block_type: str, content: dict[str, Any], warn: Callable[[str], None]
    ) -> tuple[str, dict[str, Any]]:
        """Say what a block is that follows the comment; one that is not as it was is taken as it stands."""
        if self.type:
            return self.type, self.content
        changed = {**content, **self.content}
        try:
            new_content(block_type, changed, str)
        except ContentInvalid as why:
            warn(f"A comment says of the block after it what it cannot have: {why}"[:300])
            return block_type, content
        return block_type, changed


def is_ours(comment: str) -> bool:
    """Tell whether a comment, without its marks, is one of these."""
    return comment.startswith(MARK)


def write(said: Mapping[str, Any]) -> str:
    """Write a comment; whatever is in it, it does not end early."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    for mark, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("--", "-\\u002d"), ("\u2028", "\\u2028")):
        text = text.replace(mark, escaped)
    return f"<!-- {MARK} {text} -->"


def read(comment: str) -> Exact:
    """Read a comment.

    Raises:
        Unreadable: it is no JSON object, or says what no slide or block can have.
    """
    if len(comment) > _LONGEST:
        raise Unreadable(f"is longer than {_LONGEST:,} characters")
    try:
        said = json.loads(comment.removeprefix(MARK))
    except (ValueError, RecursionError) as broken:
        raise Unreadable("is no JSON") from broken
    if not isinstance(said, dict):
        raise Unreadable("is no JSON object")
    try:
        return _understood(said)
    except ContentInvalid as why:
        raise Unreadable(f"is wrong ({why})"[:300]) from why


def _understood(said: dict[str, Any]) -> Exact:
    match said:
        case {"slide": dict(fields)}:
            new_content("slide", fields, str)
            return Exact(slide=fields)
        case {"group": str(direction)} if direction in _DIRECTIONS:
            return Exact(group=direction)
        case {"slot": str(slot)}:
            return Exact(slot=slot[:_LONGEST_SLOT])
        case {"end": "group"}:
            return Exact(ends=True)
        case {"with": dict(fields)}:
            return Exact(content=fields)
        case {"type": str(block_type), "content": dict(content)} if block_type in BLOCK_TYPES:
            if block_type in ("slide", "group"):
                raise Unreadable(f"cannot be a {block_type}")
            new_content(block_type, content, str)
            return Exact(type=block_type, content=content, alone=bool(said.get("alone")))
        case _:
            raise Unreadable("is not understood")
