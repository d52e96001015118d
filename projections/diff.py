"""Comparisons need no rows: they are made of two decks, and rendered here."""

from collections.abc import Sequence
from typing import Any

from domain.catalogue import timestamp
from domain.diff import Change, FieldChange
from domain.diff import compare as compared
from domain.diff.fields import hunks
from domain.documents import Deck
from domain.merge.diff import STEPS, Work

__all__ = ["Deck", "compared", "document"]

# Steps that are spent on telling texts of one page word by word; about 25 ms.
PAGE_STEPS = 4 * STEPS


def document(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Render changes as public documents; of long texts that differ much, no words are told."""
    work = Work(PAGE_STEPS)
    return [_document(change, work) for change in changes]


def _document(change: Change, work: Work) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "block_id": str(change.block_id) if change.block_id else None,
        "type": change.type,
        "slide_id": str(change.slide_id) if change.slide_id else None,
        "summary": change.summary,
        "fields": [_field(f, work) for f in change.fields],
        "by": change.by,
        "at": timestamp(change.at) if change.at else None,
    }


def _field(change: FieldChange, work: Work) -> dict[str, Any]:
    told: dict[str, Any] = {"field": change.field, "item": change.item}
    told |= {"before": change.before, "after": change.after}
    return told | {"hunks": hunks(change.before, change.after, work)}
