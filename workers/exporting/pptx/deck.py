"""A drawn deck as a presentation."""

import io
from typing import Any, Final

from pptx import Presentation
from pptx.enum.text import PP_ALIGN
from pptx.oxml.ns import qn
from pptx.slide import Slide
from pptx.util import Emu, Pt

from workers.exporting.elements import (
    Box,
    Chart,
    Drawn,
    Flow,
    Grid,
    Image,
    Page,
    Panel,
    Paragraph,
    Rule,
    Title,
)
from workers.exporting.inline import plain
from workers.exporting.pptx import data, shapes
from workers.exporting.pptx.fixed import fixed
from workers.exporting.pptx.look import Look, install
from workers.exporting.pptx.words import fill, prepare, write
from workers.exporting.scene import Scenes
from workers.exporting.source import Source

_TITLE_SLIDE, _CONTENT, _SECTION, _TITLE_ONLY, _BLANK = 0, 1, 2, 5, 6
"""Places of the layouts in the library's own template."""
_LAYOUTS: Final = {"title": _TITLE_SLIDE, "closing": _TITLE_SLIDE, "section": _SECTION}
FOOTER: Final = "Decklog footer"
"""The name of shapes that only repeat the deck's title and the slide's number."""
_BODY: Final = 1
"""The index of the placeholder for a slide's words, in each of the layouts that have one."""


def render(source: Source, drawn: Drawn) -> bytes:
    """Write the presentation; the same deck gives the same bytes."""
    presentation = Presentation()
    _resize(presentation, drawn)
    install(presentation, source.theme)
    look = Look(source.theme)
    marks = Scenes(drawn, "").pages()
    for index, page in enumerate(drawn.pages):
        _Slide(presentation, page, look, drawn).write(marks[index], index + 1)
    properties = presentation.core_properties
    properties.title = drawn.title[:255]
    properties.author = properties.last_modified_by = "Decklog"
    properties.created = properties.modified = source.project.updated_at.replace(tzinfo=None, microsecond=0)
    properties.revision = 1
    written = io.BytesIO()
    presentation.save(written)
    return fixed(written.getvalue())


def _resize(presentation: Any, drawn: Drawn) -> None:
    """Give the template our size, and stretch what stands on its master and layouts to it."""
    share = Pt(drawn.width) / presentation.slide_width
    presentation.slide_width, presentation.slide_height = Pt(drawn.width), Pt(drawn.height)
    for holder in (presentation.slide_master, *presentation.slide_layouts):
        for shape in holder.placeholders:
            # Those without a place of their own are where the master has them.
            for words in shape._element.iter(qn("a:defRPr")):  # noqa: SLF001 - the library does not show them
                # A section's title is written as it was, not in capitals.
                words.attrib.pop("cap", None)
            if shape._element.spPr.find(qn("a:xfrm")) is not None:  # noqa: SLF001 - the library shows inherited places too
                shape.left, shape.width = Emu(round(shape.left * share)), Emu(round(shape.width * share))


class _Slide:
    """One page becoming a slide."""

    def __init__(self, presentation: Any, page: Page, look: Look, drawn: Drawn) -> None:
        self._page = page
        self._look = look
        self._drawn = drawn
        self._body = next((b for b in page.boxes if isinstance(b.element, Flow)), None)
        layout = _LAYOUTS.get(page.layout, _CONTENT if self._body else _TITLE_ONLY if page.title else _BLANK)
        self._slide: Slide = presentation.slides.add_slide(presentation.slide_layouts[layout])

    def write(self, scene: Any, number: int) -> None:
        """Put everything on it."""
        self._background()
        for mark in scene["marks"]:
            shapes.add_rectangle(
                self._slide.shapes,
                (mark["x"], mark["y"], mark["width"], mark["height"]),
                mark["fill"],
                self._look,
                name="Accent",
                radius=mark["radius"],
            )
        self._title(scene["title"])
        self._words()
        for box in self._page.boxes:
            if box is not self._body:
                self._box(box)
        for foot in scene["footer"]:
            self._foot(foot, number)
        if self._page.notes:
            notes = self._slide.notes_slide.notes_text_frame
            if notes is not None:
                notes.text = self._page.notes

    def _background(self) -> None:
        page, look = self._page, self._look
        if page.colors.background != look.colors.background:
            filled = self._slide.background.fill
            filled.solid()
            look.paint(filled.fore_color, page.colors.background)
        if page.picture is not None:
            width, height = self._drawn.width, self._drawn.height
            whole = (0.0, 0.0, width, height)
            picture = shapes.add_picture(self._slide.shapes, whole, page.picture, "cover", "")
            picture.name = "Background"
            shade = shapes.add_rectangle(self._slide.shapes, whole, "#000001", look, name="Shade")
            shapes.see_through(shade, 0.55)
            # What comes first is drawn first, and the placeholders are there already.
            tree = picture._element.getparent()  # noqa: SLF001 - the library adds at the end alone
            first = tree.index(next(iter(tree.iter_shape_elms())))
            for shape in (shade, picture):
                tree.insert(first, shape._element)  # noqa: SLF001 - as above

    def _title(self, scene: Any) -> None:
        shape, title = self._slide.shapes.title, self._page.title
        if shape is None:
            return
        if title is None:
            _remove(shape)
            return
        _place(shape, title)
        prepare(shape.text_frame)
        words = Paragraph(plain(title.text), "heading", title.size)
        write(shape.text_frame.paragraphs[0], words, 1.0, self._look, scene["color"], accent=scene["color"])
        shape.text_frame.paragraphs[0].line_spacing = 0.95

    def _words(self) -> None:
        """Put the slide's words into its placeholder; an empty one would say "Click to add text"."""
        for placeholder in list(self._slide.placeholders):
            if placeholder.placeholder_format.idx == _BODY and self._body is not None:
                _place(placeholder, self._body)
                self._flow(placeholder.text_frame, self._body)
            elif placeholder.placeholder_format.idx != 0:
                _remove(placeholder)

    def _flow(self, frame: Any, box: Box) -> None:
        assert isinstance(box.element, Flow)  # noqa: S101 - for the type checker; both callers look
        colors = self._page.colors
        fill(
            frame,
            box.element.paragraphs,
            box.scale,
            self._look,
            colors.text,
            muted=colors.muted,
            accent=colors.accent,
        )

    def _box(self, box: Box) -> None:
        tree, look, colors = self._slide.shapes, self._look, self._page.colors
        match box.element:
            case Flow():
                self._flow(
                    tree.add_textbox(Pt(box.x), Pt(box.y), Pt(box.width), Pt(box.height)).text_frame, box
                )
            case Panel():
                shapes.add_panel(tree, box, box.element, look, colors)
            case Grid():
                data.add_table(tree, box, box.element, look, colors)
            case Chart():
                data.add_chart(tree, box, box.element, colors)
            case Image():
                shapes.add_image(tree, box, box.element, look, colors)
            case Rule():
                middle = box.y + box.height / 2
                shapes.add_rectangle(
                    tree, (box.x, middle, box.width, 1.2), colors.muted, look, name="Divider"
                )

    def _foot(self, foot: Any, number: int) -> None:
        shape = self._slide.shapes.add_textbox(Pt(foot["x"]), Pt(foot["y"]), Pt(foot["width"]), Pt(14))
        shape.name = FOOTER
        prepare(shape.text_frame)
        shape.text_frame.word_wrap = False
        words = Paragraph(plain(foot["text"]), "text", 10.5)
        target = shape.text_frame.paragraphs[0]
        write(target, words, 1.0, self._look, self._page.colors.muted, accent=self._page.colors.accent)
        if foot["right"]:
            target.alignment = PP_ALIGN.RIGHT
            _number(target, number)


def _number(target: Any, number: int) -> None:
    """Make a written number the slide's own, which follows the slide wherever it is moved."""
    run = target._p.find(qn("a:r"))  # noqa: SLF001 - the library has no fields
    run.tag = qn("a:fld")
    run.set("id", "{00000000-0000-0000-0000-000000000001}")
    run.set("type", "slidenum")
    run.find(qn("a:t")).text = str(number)


def _place(shape: Any, at: Box | Title) -> None:
    shape.left, shape.top, shape.width, shape.height = Pt(at.x), Pt(at.y), Pt(at.width), Pt(at.height)


def _remove(shape: Any) -> None:
    shape._element.getparent().remove(shape._element)  # noqa: SLF001 - the library removes nothing
