"""Events are stored for ever: those of every version ever written must come back.

Each file in `events/` is a stored event as one release wrote it. Files are added, never changed.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.catalogue import event_registry
from domain.events import Event
from infra.postgres.codec import decode, encode
from tests.support.making import (
    added,
    archived,
    created,
    deleted,
    edited,
    granted,
    moved,
    renamed,
    revoked,
    unarchived,
    undeleted,
)

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
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
        assert name == f"{file['topic']}.v{file['class_version']}"


def test_every_event_type_is_frozen_in_each_of_its_versions() -> None:
    versions = {
        f"{topic}.v{version}"
        for topic, event_type in event_registry().types.items()
        for version in range(1, event_type.class_version + 1)
    }

    assert set(FROZEN) == versions


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
