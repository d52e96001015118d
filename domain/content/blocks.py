"""The content of each block type that holds texts and settings, no lists."""

from typing import Annotated, Literal

from pydantic import Field

from domain.content import limits
from domain.content.parts import Background, BlockContent, Id, Language, Text, Url

Layout = Literal["title", "section", "content", "two-column", "image", "quote", "closing", "blank"]


class SlideContent(BlockContent):
    """A slide: its title and how it is laid out; what stands on it are blocks below it."""

    layout: Annotated[Layout, Field(description="How the theme places what is on the slide")] = "content"
    title: Annotated[Text, Field(description="Plain text")] = ""
    notes: Annotated[Text, Field(description="What the presenter alone sees")] = ""
    background: Annotated[
        Background | None,
        Field(
            description="A colour (#rgb, #rrggbb, #rrggbbaa, a name), asset:<id> or an http(s) address; null: the theme's"
        ),
    ] = None


class HeadingContent(BlockContent):
    """A heading on a slide, below the slide's own title."""

    text: Annotated[Text, Field(description="Inline Markdown")] = ""
    level: Annotated[int, Field(ge=1, le=limits.HEADING_LEVEL, description="1 is the highest")] = 2


class TextContent(BlockContent):
    """A paragraph, or several."""

    text: Annotated[Text, Field(description="Inline Markdown")] = ""


class ImageContent(BlockContent):
    """An image by reference; with neither reference it is a placeholder that waits for one."""

    asset_id: Annotated[Id | None, Field(description="An uploaded asset; wins over the address")] = None
    url: Annotated[Url | None, Field(description="An http(s) or relative address")] = None
    alt: Annotated[Text, Field(description="What the image shows, for those who do not see it")] = ""
    fit: Literal["contain", "cover", "fill", "none"] = "contain"
    caption: Text = ""


class CodeContent(BlockContent):
    """Program text, kept to the letter."""

    language: Annotated[
        Language, Field(description="As after a Markdown fence, such as py; empty: unknown")
    ] = ""
    text: Text = ""


class QuoteContent(BlockContent):
    """What somebody said."""

    text: Annotated[Text, Field(description="Inline Markdown")] = ""
    by: Annotated[Text, Field(description="Who said it")] = ""


class CalloutContent(BlockContent):
    """A text set apart to be noticed."""

    tone: Literal["info", "tip", "success", "warning", "danger"] = "info"
    text: Annotated[Text, Field(description="Inline Markdown")] = ""


class DividerContent(BlockContent):
    """A line between blocks; it has nothing to say."""


class GroupContent(BlockContent):
    """Blocks placed together; they are blocks below it."""

    direction: Annotated[
        Literal["row", "column"], Field(description="row: side by side; column: stacked")
    ] = "row"
