"""How much a block may hold; every limit a client can meet is a number here.

Counts are characters (Unicode code points) for texts and entries for lists.
"""

from typing import Final

TEXT: Final = 10_000
"""Characters of any text."""
BLOCK_BYTES: Final = 65_536
"""Bytes of a block's whole content as compact JSON in UTF-8."""
BULLETS: Final = 100
TABLE_ROWS: Final = 50
TABLE_COLUMNS: Final = 20
CHART_SERIES: Final = 20
CHART_POINTS: Final = 200
"""Categories of a chart, so also values of each of its series."""
ID: Final = 64
"""Characters of an id, be it of an item or of an asset."""
LANGUAGE: Final = 100
"""Characters of a code block's language."""
URL: Final = 2_048
"""Characters of an address, and of a background that names one."""
BULLET_LEVEL: Final = 8
"""The deepest level of a bullet; the outermost is 0, so there are nine, as in PowerPoint."""
HEADING_LEVEL: Final = 6
"""The lowest heading; the highest is 1, as in HTML."""
