"""What a block of each type may hold, and how contents are made, changed and read."""

from domain.content import limits
from domain.content.building import BLOCK_TYPES, changed_content, new_content
from domain.content.errors import ContentInvalid, FieldError
from domain.content.parts import BlockContent
from domain.content.plain import plain_text, without_markup

LIMITS = limits

__all__ = [
    "BLOCK_TYPES",
    "LIMITS",
    "BlockContent",
    "ContentInvalid",
    "FieldError",
    "changed_content",
    "new_content",
    "plain_text",
    "without_markup",
]
