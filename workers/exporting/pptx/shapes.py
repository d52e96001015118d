"""Shapes that are neither tables nor charts: pictures, panels, rules, rectangles."""

import io
from typing import Any

from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR
from pptx.oxml.ns import qn
from pptx.shapes.shapetree import SlideShapes
from pptx.util import Pt

from workers.exporting.colors import TONES, Colors, contrast, mixed
from workers.exporting.elements import Box, Image, Panel, Paragraph, Run
from workers.exporting.inline import plain
from workers.exporting.pptx.look import Look
from workers.exporting.pptx.words import fill
from workers.exporting.sizing import PADDING
from workers.exporting.source import Picture

_ROUNDNESS = 8.0


def add_rectangle(
    shapes: SlideShapes,
    at: tuple[float, float, float, float],
    color: str,
    look: Look,
    *,
    name: str,
    radius: float = 0,
) -> Any:
    """Add a filled rectangle without an outline, at (x, y, width, height)."""
    x, y, width, height = at
    kind = MSO_SHAPE.ROUNDED_RECTANGLE if radius else MSO_SHAPE.RECTANGLE
    shape = shapes.add_shape(kind, Pt(x), Pt(y), Pt(width), Pt(height))
    if radius:
        shape.adjustments[0] = min(0.5, radius / max(min(width, height), 1.0))
    shape.name = name
    shape.fill.solid()
    look.paint(shape.fill.fore_color, color)
    shape.line.fill.background()
    # The library's style has a shadow, which some programs draw however it is overruled.
    shape._element.remove(shape._element.find(qn("p:style")))  # noqa: SLF001 - it has no way to take one off
    return shape


def add_panel(shapes: SlideShapes, box: Box, panel: Panel, look: Look, colors: Colors) -> None:
    """Add a quote, a callout or code."""
    side, above = (p * box.scale for p in PADDING[panel.kind])
    if panel.kind == "quote":
        add_rectangle(shapes, (box.x, box.y, 4, box.height), colors.accent, look, name="Quote mark", radius=2)
        shape = shapes.add_textbox(
            Pt(box.x + side), Pt(box.y + above), Pt(box.width - side), Pt(box.height - 2 * above)
        )
        shape.name = "Quote"
        fill(
            shape.text_frame,
            panel.paragraphs,
            box.scale,
            look,
            colors.text,
            muted=colors.muted,
            accent=colors.accent,
        )
        return
    edge = TONES.get(panel.tone, colors.accent)
    color = mixed(edge, colors.background, 0.12) if panel.kind == "callout" else colors.surface
    name = "Callout" if panel.kind == "callout" else f"Code {panel.label}".strip()
    shape = add_rectangle(
        shapes, (box.x, box.y, box.width, box.height), color, look, name=name, radius=_ROUNDNESS
    )
    paragraphs = panel.paragraphs
    if panel.label:
        paragraphs = (Paragraph((Run(panel.label),), "by", 11.0), *paragraphs)
    fill(shape.text_frame, paragraphs, box.scale, look, colors.text, muted=colors.muted, accent=colors.accent)
    frame = shape.text_frame
    frame.margin_left = frame.margin_right = Pt(side)
    frame.margin_top = frame.margin_bottom = Pt(above)
    if panel.kind == "callout":
        if contrast(edge, colors.background) < 3:  # noqa: PLR2004 - what WCAG asks of graphics
            edge = mixed(edge, "#ffffff", 0.55)
        add_rectangle(shapes, (box.x, box.y, 5, box.height), edge, look, name="Callout edge")


def add_image(shapes: SlideShapes, box: Box, image: Image, look: Look, colors: Colors) -> None:
    """Add a picture as its fit says, or a frame where it would be."""
    if image.picture is None:
        shape = add_rectangle(
            shapes,
            (box.x, box.y, box.width, box.height),
            colors.surface,
            look,
            name="Picture to come",
            radius=_ROUNDNESS,
        )
        note = Paragraph(plain(image.note), "caption", 13.0)
        fill(shape.text_frame, (note,), 1.0, look, colors.muted, muted=colors.muted, accent=colors.accent)
        shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        _describe(shape, image.alt)
        return
    add_picture(shapes, (box.x, box.y, box.width, box.height), image.picture, image.fit, image.alt)


def add_picture(
    shapes: SlideShapes, at: tuple[float, float, float, float], picture: Picture, fit: str, alt: str
) -> Any:
    """Add a picture into a frame: whole (`contain`, `none`), filling it cropped (`cover`) or stretched (`fill`)."""
    x, y, width, height = at
    data = io.BytesIO(picture.data)
    if fit in ("cover", "fill"):
        shape = shapes.add_picture(data, Pt(x), Pt(y), Pt(width), Pt(height))
        if fit == "cover":
            wider = picture.width / picture.height / (width / height)
            if wider > 1:
                shape.crop_left = shape.crop_right = (1 - 1 / wider) / 2
            else:
                shape.crop_top = shape.crop_bottom = (1 - wider) / 2
    else:
        share = min(width / picture.width, height / picture.height)
        share = min(share, 0.75) if fit == "none" else share
        wide, tall = picture.width * share, picture.height * share
        shape = shapes.add_picture(
            data, Pt(x + (width - wide) / 2), Pt(y + (height - tall) / 2), Pt(wide), Pt(tall)
        )
    _describe(shape, alt)
    return shape


def see_through(shape: Any, share: float) -> None:
    """Let what is below a filled shape show through."""
    color = shape.fill._xPr.find(qn("a:solidFill"))[0]  # noqa: SLF001 - the library has no transparency
    color.append(color.makeelement(qn("a:alpha"), {"val": str(round((1 - share) * 100_000))}))


def _describe(shape: Any, alt: str) -> None:
    shape._element._nvXxPr.cNvPr.set("descr", alt)  # noqa: SLF001 - the library has no alternative texts
