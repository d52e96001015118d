"""Conflicts and suggestions as readers see them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.block import (
    BlockConflictResolved,
    BlockEditConflicted,
    BlockEditSuggested,
    BlockSuggestionDecided,
)
from projections.conflicts.queries import document as conflict_document
from projections.conflicts.rows import fold as fold_conflict
from projections.conflicts.rows import key_of as conflict_key
from projections.live import live_item, routed
from projections.suggestions.queries import document as suggestion_document
from projections.suggestions.rows import fold as fold_suggestion
from projections.suggestions.rows import key_of as suggestion_key
from tests.support.making import edited, recorded

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")


def conflicted(version: int = 3, **more: Any) -> BlockEditConflicted:
    fields: dict[str, Any] = {
        "field": "items",
        "item": "i1",
        "part": "text",
        "base": "A",
        "theirs": "B",
        "mine": None,
        "theirs_by": "ada",
        "mine_by": "bob",
        "winner": "mine",
        **more,
    }
    return BlockEditConflicted(originator_id=BLOCK, originator_version=version, **fields)


def settled(version: int, conflict: int, choice: str = "theirs") -> BlockConflictResolved:
    return BlockConflictResolved(
        originator_id=BLOCK, originator_version=version, conflict=conflict, choice=choice
    )


def suggested(version: int = 3) -> BlockEditSuggested:
    return BlockEditSuggested(
        originator_id=BLOCK,
        originator_version=version,
        changes={"text": "B"},
        base_version=2,
        reason="shorter",
    )


def decided(version: int, suggestion: int, *, accepted: bool) -> BlockSuggestionDecided:
    return BlockSuggestionDecided(
        originator_id=BLOCK, originator_version=version, suggestion=suggestion, accepted=accepted
    )


OPEN_CONFLICT = {
    "id": f"{BLOCK}.3",
    "project_id": str(PROJECT),
    "block_id": str(BLOCK),
    "field": "items",
    "item": "i1",
    "part": "text",
    "base": "A",
    "theirs": "B",
    "mine": None,
    "actors": {"theirs": "ada", "mine": "bob"},
    "winner": "mine",
    "resolved": False,
    "resolution": None,
    "version": 3,
    "position": 8,
    "created_at": "2026-01-31T12:00:08.000000Z",
    "created_by": "bob",
    "updated_at": "2026-01-31T12:00:08.000000Z",
    "updated_by": "bob",
}


def test_a_conflict_keeps_both_sides() -> None:
    kept = recorded(conflicted(), 8, project=PROJECT, by="bob")

    assert conflict_document(fold_conflict(None, kept)) == OPEN_CONFLICT


def test_a_settled_conflict_says_who_settled_it_and_how() -> None:
    row = fold_conflict(None, recorded(conflicted(), 8, project=PROJECT, by="bob"))
    later = recorded(settled(9, 3), 20, project=PROJECT, by="eve")

    assert conflict_key(later) == row.key
    assert conflict_document(fold_conflict(row, later)) == {
        **OPEN_CONFLICT,
        "resolved": True,
        "resolution": {"choice": "theirs", "by": "eve", "at": "2026-01-31T12:00:20.000000Z"},
        "version": 9,
        "position": 20,
        "updated_at": "2026-01-31T12:00:20.000000Z",
        "updated_by": "eve",
    }


@pytest.mark.parametrize(("accepted", "state"), [(True, "accepted"), (False, "rejected")])
def test_a_suggestion_is_open_until_somebody_decides(state: str, *, accepted: bool) -> None:
    row = fold_suggestion(None, recorded(suggested(), 8, project=PROJECT, by="robot"))
    shown = suggestion_document(row)
    assert shown == {
        "id": f"{BLOCK}.3",
        "project_id": str(PROJECT),
        "block_id": str(BLOCK),
        "changes": {"text": "B"},
        "base_version": 2,
        "reason": "shorter",
        "state": "open",
        "decided_at": None,
        "decided_by": None,
        "version": 3,
        "position": 8,
        "created_at": "2026-01-31T12:00:08.000000Z",
        "created_by": "robot",
        "updated_at": "2026-01-31T12:00:08.000000Z",
        "updated_by": "robot",
    }
    later = recorded(decided(4, 3, accepted=accepted), 9, project=PROJECT)
    assert suggestion_key(later) == row.key
    assert suggestion_document(fold_suggestion(row, later)) == {
        **shown,
        "state": state,
        "decided_at": "2026-01-31T12:00:09.000000Z",
        "decided_by": "ada",
        "version": 4,
        "position": 9,
        "updated_at": "2026-01-31T12:00:09.000000Z",
        "updated_by": "ada",
    }


def test_other_events_are_about_no_conflict_and_no_suggestion() -> None:
    other = recorded(edited(BLOCK, 2, text="B"), 8, project=PROJECT)
    assert (conflict_key(other), suggestion_key(other)) == (None, None)
    assert suggestion_key(recorded(conflicted(), 8, project=PROJECT)) is None
    assert conflict_key(recorded(suggested(), 8, project=PROJECT)) is None


@pytest.mark.parametrize(
    ("fold", "event"),
    [(fold_conflict, settled(4, 3)), (fold_suggestion, decided(4, 3, accepted=True))],
)
def test_what_was_never_kept_cannot_be_settled(fold: Any, event: Any) -> None:
    with pytest.raises(ValueError, match="event 8 "):
        fold(None, recorded(event, 8, project=PROJECT))


def test_a_conflict_is_told_live_as_its_document_right_after_its_event() -> None:
    for position in (8, 10**18):
        event = recorded(conflicted(), 8, project=PROJECT, by="bob")
        kept = replace(event, position=position, recorded_at=event.recorded_at + timedelta(hours=1))
        item = live_item(kept)
        assert item.conflict is not None
        document = conflict_document(fold_conflict(None, kept))
        assert orjson.loads(item.conflict) == {"type": "conflict", **document}
        assert routed(item.position, item.route, item.message) == item


def test_nobody_can_write_a_conflict_into_a_text() -> None:
    forged = '"event":"block-edit-conflicted"'
    for content in ({"text": forged}, {"event": "block-edit-conflicted"}):
        assert live_item(recorded(edited(BLOCK, 2, **content), 8, project=PROJECT)).conflict is None
