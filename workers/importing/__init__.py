"""Decks out of other programs' files."""

from workers.importing.pptx import PptxDeck, PptxRefused, read_pptx

__all__ = ["PptxDeck", "PptxRefused", "read_pptx"]
