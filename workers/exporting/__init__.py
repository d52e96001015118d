"""Files made of a project as it was at a position: the same position and renderer give the same bytes."""

from workers.exporting.drawing import TooMany
from workers.exporting.formats import FORMATS, Rendered, render
from workers.exporting.gathering import Gatherer
from workers.exporting.source import Source

__all__ = ["FORMATS", "Gatherer", "Rendered", "Source", "TooMany", "render"]
