"""Changes as sentences."""

from collections.abc import Sequence

from domain.content.plain import plain_text
from domain.diff.changes import FieldChange
from domain.documents import BlockDocument

NOUNS = {"bullets": "list", "code": "code block"}
EXCERPT = 60


def noun(block: BlockDocument) -> str:
    """Return what people call a block of this type."""
    return NOUNS.get(block.type, block.type)


def excerpt(text: str) -> str:
    """Return the beginning of a text in quotation marks, empty for no text."""
    line = " ".join(text.split())
    if not line:
        return ""
    return f"“{line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + '…'}”"


def named(block: BlockDocument, slide: str) -> str:
    """Name a block by what it says and where it is: `slide 2 “Plan”`, `the text “Hello” on slide 2`."""
    said = excerpt(plain_text(block.type, block.content).partition("\n")[0])
    if block.type == "slide":
        return " ".join(filter(None, [slide, said]))
    return " ".join(filter(None, ["the", noun(block), said, "on", slide]))


def sentence(*parts: str) -> str:
    """Join words to a sentence."""
    text = " ".join(filter(None, parts))
    return text[:1].upper() + text[1:]


def together(who: str, what: str, others: int) -> str:
    """Tell what happened to a block, and with how many others that stood on it."""
    if not others:
        return sentence(who, what)
    return sentence(who, f"{what}, with {others} {'block' if others == 1 else 'blocks'} on it")


def edited(block: BlockDocument, slide: str, fields: Sequence[FieldChange]) -> str:
    """Tell what of a block is other now: both texts if they are short, else the names of the fields."""
    names = list(dict.fromkeys(f.field for f in fields))
    if len(fields) == 1 and fields[0].item is None:
        old, new = fields[0].before, fields[0].after
        if isinstance(old, str | int | None) and isinstance(new, str | int | None):
            before, after = (excerpt(str(v)) if v is not None else "" for v in (old, new))
            if len(before) <= EXCERPT and len(after) <= EXCERPT:
                where = slide if block.type == "slide" else f"the {noun(block)} on {slide}"
                # What a text or a heading says is what it is to people.
                what = "" if names[0] == "text" else f"the {names[0]} of"
                return sentence(what, where, _became(before, after))
    return sentence(named(block, slide), "was edited:", ", ".join(names))


def _became(before: str, after: str) -> str:
    if not before:
        return f"became {after}"
    return f"changed from {before} to {after}" if after else f"{before} was removed"
