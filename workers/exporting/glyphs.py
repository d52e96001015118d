"""Which letters cannot be drawn. Typst draws a missing letter as a box and says nothing, but refuses it in PDF/A."""

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import typst

FONTS: Final = Path(__file__).parent / "fonts"
_MOST_ASKED: Final = 60
"""Letters asked for one by one; a text in another script has thousands."""
_PROBE: Final = b'#set text(font: "Source Sans Pro")\n#for c in sys.inputs.t.clusters() [#c ]'
_STANDARD: Final = "a-2u"


@cache
def fonts() -> typst.Fonts:
    """Load our fonts, and the mono and serif ones that typst brings; the machine's own are left out."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])


def missing(texts: Iterable[str]) -> tuple[str, bool]:
    """Return letters that no font of ours has, and whether there may be more of them."""
    unusual = dict.fromkeys(c for text in texts for c in text if ord(c) > 0x17F and not c.isspace())  # noqa: PLR2004 - Latin letters end there
    letters = list(unusual)
    if not letters or _drawable("".join(letters)):
        return "", False
    return "".join(c for c in letters[:_MOST_ASKED] if not _drawable(c)), len(letters) > _MOST_ASKED


@lru_cache(maxsize=4096)
def _drawable(letters: str) -> bool:
    try:
        typst.Compiler(font_paths=fonts()).compile(
            input=_PROBE, format="pdf", timestamp=0, sys_inputs={"t": letters}, pdf_standards=[_STANDARD]
        )
    except typst.TypstError:
        return False
    return True
