"""Tables and charts of PowerPoint's own."""

from typing import Any, Final

from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.shapes.shapetree import SlideShapes
from pptx.util import Pt

from workers.exporting.colors import Colors, mixed
from workers.exporting.elements import Box, Chart, Grid
from workers.exporting.pptx.look import Look, rgb
from workers.exporting.pptx.words import write
from workers.exporting.scene import numeric
from workers.exporting.sizing import CELL, column_widths, row_height
from workers.exporting.svg import color_of

_PLAIN: Final = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""PowerPoint's table style without fills and lines; ours are on the cells."""
_KINDS: Final = {
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "column": XL_CHART_TYPE.COLUMN_CLUSTERED,
    "line": XL_CHART_TYPE.LINE_MARKERS,
    "area": XL_CHART_TYPE.AREA,
    "pie": XL_CHART_TYPE.PIE,
    "doughnut": XL_CHART_TYPE.DOUGHNUT,
}
_ROUND: Final = ("pie", "doughnut")
_SMALL: Final = 12.0


def add_table(shapes: SlideShapes, box: Box, grid: Grid, look: Look, colors: Colors) -> None:
    """Add a native table with its headings as the first row."""
    rows = (grid.columns, *grid.rows)
    frame = shapes.add_table(
        len(rows), len(grid.columns), Pt(box.x), Pt(box.y), Pt(box.width), Pt(box.height)
    )
    table: Any = frame.table
    table._tbl.tblPr.find(qn("a:tableStyleId")).text = _PLAIN  # noqa: SLF001 - the library has no way to choose a style
    table.horz_banding = False
    widths = column_widths(grid, box.width)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    side, above = (c * box.scale for c in CELL)
    faint = mixed(colors.muted, colors.background, 0.35)
    right = [numeric(grid, i) for i in range(len(grid.columns))]
    for r, row in enumerate(rows):
        table.rows[r].height = Pt(row_height(row, widths, box.scale))
        for c, paragraph in enumerate(row):
            cell = table.cell(r, c)
            cell.margin_left = cell.margin_right = Pt(side)
            cell.margin_top = cell.margin_bottom = Pt(above)
            cell.vertical_anchor = MSO_ANCHOR.TOP
            target = cell.text_frame.paragraphs[0]
            write(target, paragraph, box.scale, look, colors.text, accent=colors.accent)
            if right[c]:
                target.alignment = PP_ALIGN.RIGHT
            _underline(cell, colors.accent if r == 0 else faint, 1.75 if r == 0 else 0.75)


def _underline(cell: Any, color: str, width: float) -> None:
    properties = cell._tc.get_or_add_tcPr()  # noqa: SLF001 - the library has no way to draw borders
    line = properties.makeelement(qn("a:lnB"), {"w": str(Pt(width)), "cap": "flat", "cmpd": "sng"})
    solid = line.makeelement(qn("a:solidFill"), {})
    solid.append(solid.makeelement(qn("a:srgbClr"), {"val": color[1:].upper()}))
    line.append(solid)
    properties.append(line)


def add_chart(shapes: SlideShapes, box: Box, drawn: Chart, colors: Colors) -> None:
    """Add a native chart with its numbers in a workbook."""
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # it has no types
    data.categories = list(drawn.categories)
    for name, values in drawn.series:
        data.add_series(name, values)
    frame = shapes.add_chart(_KINDS[drawn.kind], Pt(box.x), Pt(box.y), Pt(box.width), Pt(box.height), data)
    chart: Any = frame.chart  # type: ignore[attr-defined]  # a frame that holds a chart has one
    chart.font.size = Pt(_SMALL)
    chart.font.color.rgb = rgb(colors.text)
    chart.has_title = False
    chart.has_legend = drawn.kind in _ROUND or len(drawn.series) > 1 or bool(drawn.series[0][0])
    if chart.has_legend:
        chart.legend.include_in_layout = False
        chart.legend.position = XL_LEGEND_POSITION.RIGHT if drawn.kind in _ROUND else XL_LEGEND_POSITION.TOP
    plot = chart.plots[0]
    if drawn.kind in _ROUND:
        _slices(plot, drawn, colors)
        return
    for index, series in enumerate(plot.series):
        color = rgb(color_of(index, colors))
        if drawn.kind == "line":
            series.smooth = False
            series.format.line.color.rgb = color
            series.format.line.width = Pt(2.5)
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = color
            series.marker.format.line.color.rgb = color
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = color
            if drawn.kind != "area":
                series.invert_if_negative = False
    _axes(chart, drawn, colors)
    if drawn.kind in ("bar", "column"):
        plot.gap_width = 55
        plot.overlap = 0


def _slices(plot: Any, drawn: Chart, colors: Colors) -> None:
    series = plot.series[0]
    for index in range(len(drawn.categories)):
        point = series.points[index]
        point.format.fill.solid()
        point.format.fill.fore_color.rgb = rgb(color_of(index, colors))
        point.format.line.color.rgb = rgb(colors.background)


def _axes(chart: Any, drawn: Chart, colors: Colors) -> None:
    faint = rgb(mixed(colors.muted, colors.background, 0.25))
    value, category = chart.value_axis, chart.category_axis
    value.major_gridlines.format.line.color.rgb = faint
    value.major_gridlines.format.line.width = Pt(0.75)
    value.format.line.fill.background()
    value.tick_labels.font.color.rgb = rgb(colors.muted)
    value.tick_labels.font.size = Pt(_SMALL)
    category.format.line.color.rgb = rgb(colors.muted)
    category.tick_labels.font.size = Pt(_SMALL)
    category.has_major_gridlines = False
    if drawn.kind == "bar":
        # The first category stands at the top, as it is read.
        category.reverse_order = True
        value.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
