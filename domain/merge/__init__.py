"""Merging two edits of one content, so that no word is lost: it is in what is merged or in a clash's record."""

from domain.merge.content import merge_content
from domain.merge.records import Clash, Merged, Side
from domain.merge.text import merge_text

__all__ = ["Clash", "Merged", "Side", "merge_content", "merge_text"]
