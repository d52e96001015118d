from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from domain.block import BlockEvent
from domain.catalogue import CATALOGUE, event_registry, public_event, timestamp
from domain.events import Event
from domain.project import ProjectEvent
from tests.support.making import (
    added,
    archived,
    created,
    deleted,
    edited,
    granted,
    moved,
    recorded,
    renamed,
    revoked,
    unarchived,
    undeleted,
)

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")

PUBLIC = [
    (
        created(PROJECT, "A", theme_id="t"),
        "project-created",
        {"title": "A", "owner": "ada", "aspect": "16:9", "theme_id": "t"},
    ),
    (renamed(PROJECT, 2, "B"), "project-renamed", {"title": "B"}),
    (granted(PROJECT, 3, "grace", "viewer"), "access-granted", {"user": "grace", "role": "viewer"}),
    (revoked(PROJECT, 4, "grace"), "access-revoked", {"user": "grace"}),
    (archived(PROJECT, 5), "project-archived", {}),
    (unarchived(PROJECT, 6), "project-unarchived", {}),
    (
        added(BLOCK, PROJECT, "text", parent=SLIDE, rank="a2", content={"text": "x"}),
        "block-added",
        {"parent_id": str(SLIDE), "type": "text", "rank": "a2", "content": {"text": "x"}},
    ),
    (edited(BLOCK, 2, text="y"), "block-edited", {"changes": {"text": "y"}}),
    (moved(BLOCK, 3, "a4", SLIDE), "block-moved", {"parent_id": str(SLIDE), "rank": "a4"}),
    (deleted(BLOCK, 4), "block-deleted", {}),
    (undeleted(BLOCK, 5), "block-undeleted", {}),
]


def concrete(base: type[Event]) -> set[type[Event]]:
    """Return all event types below one that have a topic of their own."""
    below = {t for child in base.__subclasses__() for t in concrete(child)}
    return below | ({base} if "TOPIC" in vars(base) else set())


def test_every_event_type_is_registered_and_has_a_public_name() -> None:
    types = concrete(ProjectEvent) | concrete(BlockEvent)

    assert len(types) == 11
    assert set(event_registry().types.values()) == types
    assert set(CATALOGUE) == types


def test_every_event_type_is_shown_below() -> None:
    assert {type(event) for event, _, _ in PUBLIC} == set(CATALOGUE)


def test_public_names_and_topics_are_unique() -> None:
    names = [name for name, _ in CATALOGUE.values()]

    assert len(set(names)) == len(names)
    assert len({t.TOPIC for t in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("event_type", list(CATALOGUE))
def test_a_topic_names_the_kind_of_its_stream(event_type: type[Event]) -> None:
    assert event_type.TOPIC.startswith(f"decklog.{event_type.KIND}.")


@pytest.mark.parametrize(("event", "name", "data"), PUBLIC, ids=[name for _, name, _ in PUBLIC])
def test_an_event_is_told_in_the_words_of_the_contract(
    event: Event, name: str, data: dict[str, object]
) -> None:
    envelope = recorded(event, 9, project=PROJECT, by="grace")

    told = public_event(envelope)

    assert told == {
        "position": 9,
        "event": name,
        "stream": {
            "id": str(event.originator_id),
            "kind": "project" if isinstance(event, ProjectEvent) else "block",
            "version": event.originator_version,
        },
        "project_id": str(PROJECT),
        "actor": {"id": "grace", "kind": "person"},
        "at": "2026-01-31T12:00:09.000000Z",
        "command_id": str(envelope.command_id),
        "data": data,
    }
    assert list(told) == [*("position", "event", "stream", "project_id", "actor", "at", "command_id", "data")]


def test_of_the_actor_only_id_and_kind_are_told() -> None:
    metadata = {
        "actor": {"id": "bot", "kind": "machine", "email": "x@example.org"},
        "correlation_id": "c",
        "trace": {"traceparent": "00-1"},
    }

    told = public_event(replace(recorded(created(PROJECT)), metadata=metadata))

    assert told["actor"] == {"id": "bot", "kind": "machine"}
    assert "c" not in map(str, told.values())


def test_instants_are_told_in_utc_with_microseconds() -> None:
    east = timezone(timedelta(hours=5, minutes=30))

    assert timestamp(datetime(2026, 1, 31, 15, 0, 0, 1, east)) == "2026-01-31T09:30:00.000001Z"
    assert timestamp(datetime(2026, 1, 31, tzinfo=UTC)) == "2026-01-31T00:00:00.000000Z"
