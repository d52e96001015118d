"""The content of the block types that hold lists, whose entries carry ids so that edits merge entry by entry."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.content import limits
from domain.content.parts import BlockContent, Id, Number, Part, Text, UniqueIds, refused


class Bullet(Part):
    """One line of a list."""

    id: Id
    text: Annotated[Text, Field(description="Inline Markdown")] = ""
    level: Annotated[int, Field(ge=0, le=limits.BULLET_LEVEL, description="0 is the outermost")] = 0


class BulletsContent(BlockContent):
    """A list, flat: nesting is in the levels."""

    items: Annotated[list[Bullet], Field(max_length=limits.BULLETS), UniqueIds] = Field(default_factory=list)


class TableColumn(Part):
    """One column and its heading."""

    id: Id
    text: Annotated[Text, Field(description="Inline Markdown")] = ""


class TableRow(Part):
    """One row: a cell for each column, in the columns' order."""

    id: Id
    cells: Annotated[list[Text], Field(max_length=limits.TABLE_COLUMNS, description="Inline Markdown")]


class TableContent(BlockContent):
    """A table with one row of headings."""

    columns: Annotated[list[TableColumn], Field(max_length=limits.TABLE_COLUMNS), UniqueIds] = Field(
        default_factory=list
    )
    rows: Annotated[list[TableRow], Field(max_length=limits.TABLE_ROWS), UniqueIds] = Field(
        default_factory=list
    )

    @model_validator(mode="after")
    def _is_rectangular(self) -> Self:
        width = len(self.columns)
        for index, row in enumerate(self.rows):
            if len(row.cells) != width:
                why = f"must have one cell for each column: {width}, not {len(row.cells)}"
                raise refused(why, f"rows.{index}.cells")
        return self


class ChartSeries(Part):
    """One series of numbers: a value for each category, null for a gap."""

    id: Id
    name: Text = ""
    values: Annotated[list[Number | None], Field(max_length=limits.CHART_POINTS)]


class ChartContent(BlockContent):
    """Numbers to be drawn; bar lies, column stands. Pie and doughnut show the first series."""

    kind: Literal["bar", "column", "line", "area", "pie", "doughnut"] = "column"
    categories: Annotated[list[Text], Field(max_length=limits.CHART_POINTS)] = Field(default_factory=list)
    series: Annotated[list[ChartSeries], Field(max_length=limits.CHART_SERIES), UniqueIds] = Field(
        default_factory=list
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        points = len(self.categories)
        for index, series in enumerate(self.series):
            if len(series.values) != points:
                why = f"must have one value or null for each category: {points}, not {len(series.values)}"
                raise refused(why, f"series.{index}.values")
        return self
