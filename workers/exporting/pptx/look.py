"""Themes of PowerPoint: our colors and fonts in its slots, so that a change of theme there changes the deck."""

from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]  # it has no types
from pptx.dml.color import ColorFormat, RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.presentation import Presentation

from domain.theme import Theme
from workers.exporting.colors import Colors, of_theme

_A: Final = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SLOTS: Final = (
    "dk1",
    "lt1",
    "dk2",
    "lt2",
    "accent1",
    "accent2",
    "accent3",
    "accent4",
    "accent5",
    "accent6",
    "hlink",
    "folHlink",
)


def rgb(color: str) -> RGBColor:
    """Return a color as the library has it."""
    made: RGBColor = RGBColor(int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))  # type: ignore[no-untyped-call]  # it has no types
    return made


class Look:
    """What colors are called in the file: those of the theme by their slot, others by their value."""

    def __init__(self, theme: Theme) -> None:
        self.colors: Colors = of_theme(theme)
        self.code = theme.fonts["code"]
        c = self.colors
        self._names = {
            c.muted: MSO_THEME_COLOR.TEXT_2,
            c.surface: MSO_THEME_COLOR.BACKGROUND_2,
            c.accent: MSO_THEME_COLOR.ACCENT_1,
            c.background: MSO_THEME_COLOR.BACKGROUND_1,
            c.text: MSO_THEME_COLOR.TEXT_1,
        }

    def paint(self, target: ColorFormat, color: str) -> None:
        """Set a color."""
        name = self._names.get(color)
        if name is not None:
            target.theme_color = name
        else:
            target.rgb = rgb(color)

    def markup(self, color: str) -> str:
        """Return a color as it stands in the file."""
        name = self._names.get(color)
        if name is not None:
            return f'<a:schemeClr val="{MSO_THEME_COLOR.to_xml(name)}"/>'
        return f'<a:srgbClr val="{color[1:].upper()}"/>'


def install(presentation: Presentation, theme: Theme) -> None:
    """Put a theme's colors and fonts into a presentation."""
    part = presentation.slide_masters[0].part.part_related_by(RELATIONSHIP_TYPE.THEME)
    root = etree.fromstring(part.blob)
    c = of_theme(theme)
    others = [color for color in c.chart if color != c.accent]
    charts = [c.accent, *(others * 5)[:5]] if others else [c.accent] * 6
    values = (c.text, c.background, c.muted, c.surface, *charts, c.accent, c.muted)
    scheme = root.find(f".//{{{_A}}}clrScheme")
    scheme.set("name", theme.name)
    for slot, color in zip(_SLOTS, values, strict=True):
        holder = scheme.find(f"{{{_A}}}{slot}")
        for child in list(holder):
            holder.remove(child)
        etree.SubElement(holder, f"{{{_A}}}srgbClr", val=color[1:].upper())
    root.set("name", theme.name)
    for slot, family in (("majorFont", theme.fonts["heading"]), ("minorFont", theme.fonts["body"])):
        root.find(f".//{{{_A}}}{slot}/{{{_A}}}latin").set("typeface", family)
    blob: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    holder_part: Any = part
    holder_part._blob = blob  # noqa: SLF001 - the library has no way to change a theme
