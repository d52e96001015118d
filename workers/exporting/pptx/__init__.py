"""PPTX: slides as people make them by hand, with placeholders, native tables and charts, and notes."""

from workers.exporting.pptx.deck import render

__all__ = ["render"]
