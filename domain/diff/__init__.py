"""What changed in a project between two of its decks, told so that people can read it."""

from domain.diff.changes import Change, FieldChange
from domain.diff.comparing import compare

__all__ = ["Change", "FieldChange", "compare"]
