"""What a theme can say: a small, fixed set of tokens, all of which every renderer and exporter knows."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CHART_COLORS: Final = 6
FONT_LENGTH: Final = 60
NAME_LENGTH: Final = 100

_HEX: Final = re.compile(r"#[0-9A-Fa-f]{6}")
# What stands in the names of real font families, and cannot end a quoted name in CSS, XML or Typst.
_FAMILY: Final = re.compile(r"[^\W_](?:[\w .+-]*[\w+])?")


def _color(text: str) -> str:
    if not _HEX.fullmatch(text):
        raise ValueError("must be a color such as #1f6feb")
    return text.lower()


def _family(text: str) -> str:
    if not _FAMILY.fullmatch(text):
        raise ValueError("must be the name of a font family: letters, digits, spaces and . + - _")
    return text


Color = Annotated[str, AfterValidator(_color), Field(description="#rrggbb")]
FontFamily = Annotated[str, Field(min_length=1, max_length=FONT_LENGTH), AfterValidator(_family)]


class _Tokens(BaseModel):
    """Values for some tokens; what is left out or null stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """Return the values that were given, by token."""
        return self.model_dump(exclude_none=True)


class ThemeColors(_Tokens):
    """Colors. `chart` holds those of a chart's series in their order; it is replaced as a whole."""

    background: Color | None = None
    surface: Color | None = None
    text: Color | None = None
    muted: Color | None = None
    accent: Color | None = None
    chart: Annotated[list[Color], Field(min_length=1, max_length=CHART_COLORS)] | None = None


class ThemeFonts(_Tokens):
    """Font families."""

    heading: FontFamily | None = None
    body: FontFamily | None = None
    code: FontFamily | None = None
