"""Events are stored for ever: those of every version ever written must come back.

Each file in `events/` is a stored event as one release wrote it, named by its topic and version, and by what
is special in it where there are several. Files are added, never changed.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
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
from domain.catalogue import event_registry
from domain.events import Event
from domain.project import (
    BranchMerged,
    ProjectAttached,
    ProjectBranched,
    ProjectDetached,
    ProjectRestored,
    StepRedone,
    StepUndone,
)
from domain.tombstone import Tombstone
from infra.postgres.codec import decode, encode
from tests.support.jobs import JOB, TOLD, delayed_export
from tests.support.making import (
    added,
    archived,
    created,
    defined,
    deleted,
    edited,
    granted,
    joined,
    left,
    moved,
    opened,
    renamed,
    reopened,
    replied,
    resolved,
    revised,
    revoked,
    themed,
    transferred,
    unarchived,
    undeleted,
    version_named,
)

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
THEME = UUID("3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09")
THREAD = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a4f")
REPLY = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a50")
SESSION = UUID("6a1f4c52-5c9e-4a7e-9a54-1f6f3f0f7d77")
STEP = "1b671a64-40d5-491e-99b0-da01ff1f3341"
# What was written in comments is stored sealed.
SEALED = {"sealed": "3q2+796tvu/erb7v3q2+7w==", "key": 1}
FROZEN = {path.name.removesuffix(".json"): path for path in Path(__file__).parent.glob("events/*.json")}

# What each file means today.
EXPECTED: dict[str, Event] = {
    "decklog.project.created.v1": created(
        PROJECT, "Deltas \N{EN DASH} Überblick", owner="ada", aspect="16:9", theme_id=None
    ),
    "decklog.project.created.v2": created(
        PROJECT,
        "Deltas \N{EN DASH} Überblick",
        owner="ada",
        aspect="4:3",
        theme_id="3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09",
    ),
    "decklog.project.renamed.v1": renamed(PROJECT, 2, "Rivers"),
    "decklog.project.access-granted.v1": granted(PROJECT, 3, "grace", "editor"),
    "decklog.project.access-revoked.v1": revoked(PROJECT, 4, "grace"),
    "decklog.project.archived.v1": archived(PROJECT, 5),
    "decklog.project.unarchived.v1": unarchived(PROJECT, 6),
    "decklog.block.added.v1": added(
        BLOCK,
        PROJECT,
        "table",
        parent=SLIDE,
        rank="a1V",
        content={
            "columns": [{"id": "c1", "text": "River"}],
            "rows": [{"id": "r1", "cells": ["Rhône"]}],
        },
    ),
    "decklog.block.edited.v1": edited(BLOCK, 2, title="Silt", background=None),
    "decklog.block.moved.v1": moved(BLOCK, 3, "Zz"),
    "decklog.block.deleted.v1": deleted(BLOCK, 4),
    "decklog.block.undeleted.v1": undeleted(BLOCK, 5),
    "decklog.block.added.v1.copied": replace(
        added(BLOCK, PROJECT, "text", rank="a1", content={"text": "Silt"}), origin_block_id=str(SLIDE)
    ),
    "decklog.block.moved.v1.rebalanced": replace(moved(BLOCK, 3, "a1", SLIDE), rebalanced=True),
    "decklog.block.edit-conflicted.v1": BlockEditConflicted(
        originator_id=BLOCK,
        originator_version=6,
        field="items",
        item="i1",
        part="text",
        base="Silt",
        theirs="Mud",
        mine=None,
        theirs_by="grace",
        mine_by="ada",
        winner="theirs",
    ),
    "decklog.block.conflict-resolved.v1": BlockConflictResolved(
        originator_id=BLOCK, originator_version=7, conflict=6, choice="mine"
    ),
    "decklog.block.edit-suggested.v1": BlockEditSuggested(
        originator_id=BLOCK,
        originator_version=8,
        changes={"text": "Sand"},
        base_version=7,
        reason="shorter",
    ),
    "decklog.block.suggestion-decided.v1": BlockSuggestionDecided(
        originator_id=BLOCK, originator_version=9, suggestion=8, accepted=False
    ),
    "decklog.project.ownership-transferred.v1": transferred(PROJECT, 7, "ada", "grace"),
    "decklog.project.theme-applied.v1": themed(PROJECT, 8, str(THEME)),
    "decklog.project.version-named.v1": version_named(PROJECT, 9, STEP, "Überarbeitet", 41),
    "decklog.project.restored.v1": ProjectRestored(
        originator_id=PROJECT, originator_version=10, to_position=41
    ),
    "decklog.project.branched.v1": ProjectBranched(
        originator_id=PROJECT, originator_version=2, origin_project_id=str(SLIDE), origin_position=40
    ),
    "decklog.project.branch-merged.v1": BranchMerged(
        originator_id=PROJECT, originator_version=11, branch_project_id=str(SLIDE), branch_position=90
    ),
    "decklog.project.step-undone.v1": StepUndone(
        originator_id=PROJECT, originator_version=12, step=STEP, position=91, author="ada"
    ),
    "decklog.project.step-redone.v1": StepRedone(
        originator_id=PROJECT, originator_version=13, step=STEP, position=91, author="ada"
    ),
    "decklog.project.detached.v1": ProjectDetached(
        originator_id=PROJECT, originator_version=14, events=20, tombstones="ab" * 32, file_sha256="cd" * 32
    ),
    "decklog.project.attached.v1": ProjectAttached(
        originator_id=PROJECT, originator_version=15, members={"ada": "owner", "grace": "viewer"}
    ),
    "decklog.tombstone.v1": Tombstone(originator_id=BLOCK, originator_version=2),
    "decklog.theme.defined.v1": replace(
        defined(THEME),
        name="Harbour",
        colors={
            "background": "#f4f8fa",
            "surface": "#e3edf1",
            "text": "#10222b",
            "muted": "#4d6370",
            "accent": "#0b6e8a",
            "chart": ["#0b6e8a", "#c65d21"],
        },
        fonts={"heading": "Poppins", "body": "Inter", "code": "JetBrains Mono"},
    ),
    "decklog.theme.revised.v1": revised(THEME, 2, name="Port", colors={"accent": "#123456"}),
    "decklog.comment-thread.opened.v1": opened(THREAD, PROJECT, SEALED, block=BLOCK),
    "decklog.comment-thread.replied.v1": replied(THREAD, 2, REPLY, SEALED),
    "decklog.comment-thread.resolved.v1": resolved(THREAD, 3),
    "decklog.comment-thread.reopened.v1": reopened(THREAD, 4),
    "decklog.collaboration-session.joined.v1": joined(SESSION, PROJECT, "grace", "gateway-1/77"),
    "decklog.collaboration-session.left.v1": left(SESSION, 2, "expired"),
    **{f"{topic}.v1": event for event, topic, _, _ in TOLD},
    "decklog.job.export-requested.v1.delayed": delayed_export(JOB, PROJECT),
}


def frozen(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FROZEN[name].read_text("utf-8"))
    return found


def stored(name: str) -> bytes:
    """Return the state as it is stored: the version stands in it from the second on."""
    file = frozen(name)
    state = dict(file["state"])
    if file["class_version"] > 1:
        state["class_version"] = file["class_version"]
    return orjson.dumps(state)


def test_every_file_is_expected_to_mean_something() -> None:
    assert set(FROZEN) == set(EXPECTED)
    for name in FROZEN:
        file = frozen(name)
        assert f"{name}.".startswith(f"{file['topic']}.v{file['class_version']}.")


def test_every_event_type_is_frozen_in_each_of_its_versions() -> None:
    versions = {
        f"{topic}.v{version}"
        for topic, event_type in event_registry().types.items()
        for version in range(1, event_type.class_version + 1)
    }

    assert set(FROZEN) >= versions
    assert not [name for name in FROZEN if not any(f"{name}.".startswith(f"{v}.") for v in versions)]


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_what_was_stored_once_still_comes_back(name: str) -> None:
    expected = EXPECTED[name]
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    command = UUID(int=1)

    recorded = decode(
        event_registry(),
        (
            7,
            expected.originator_id,
            expected.originator_version,
            frozen(name)["topic"],
            stored(name),
            PROJECT,
            command,
            at,
            '{"actor":{"id":"ada","kind":"person"}}',
        ),
    )

    assert recorded.event == expected
    assert type(recorded.event) is type(expected)
    assert (recorded.position, recorded.project_id, recorded.command_id) == (7, PROJECT, command)
    assert (recorded.recorded_at, recorded.actor) == (at, "ada")


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_the_latest_version_is_stored_as_it_was_frozen(name: str) -> None:
    expected = EXPECTED[name]
    if frozen(name)["class_version"] == expected.class_version:
        assert json.loads(encode(expected)) == json.loads(stored(name))
        assert list(json.loads(encode(expected))) == list(json.loads(stored(name)))
