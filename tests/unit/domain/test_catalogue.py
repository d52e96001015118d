from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from domain.block import (
    BlockConflictResolved,
    BlockEditConflicted,
    BlockEditSuggested,
    BlockSuggestionDecided,
)
from domain.catalogue import CATALOGUE, event_registry, public_event, timestamp
from domain.event_schemas import DATA_SCHEMAS, event_schemas
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
    recorded,
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
HARBOUR = defined(THEME, "Harbour")

PUBLIC: list[tuple[Event, str, dict[str, object]]] = [
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
    (
        BlockEditConflicted(
            originator_id=BLOCK,
            originator_version=6,
            field="items",
            item="i1",
            part="text",
            base="a",
            theirs="b",
            mine="c",
            theirs_by="grace",
            mine_by="ada",
            winner="mine",
        ),
        "block-edit-conflicted",
        {
            "conflict_id": f"{BLOCK}.6",
            "block_id": str(BLOCK),
            "field": "items",
            "item": "i1",
            "part": "text",
            "base": "a",
            "theirs": "b",
            "mine": "c",
            "actors": {"theirs": "grace", "mine": "ada"},
            "winner": "mine",
        },
    ),
    (
        BlockConflictResolved(originator_id=BLOCK, originator_version=7, conflict=6, choice="theirs"),
        "conflict-resolved",
        {"conflict_id": f"{BLOCK}.6", "choice": "theirs"},
    ),
    (
        BlockEditSuggested(
            originator_id=BLOCK, originator_version=8, changes={"text": "z"}, base_version=7, reason="short"
        ),
        "block-edit-suggested",
        {
            "suggestion_id": f"{BLOCK}.8",
            "block_id": str(BLOCK),
            "changes": {"text": "z"},
            "base_version": 7,
            "reason": "short",
        },
    ),
    (
        BlockSuggestionDecided(originator_id=BLOCK, originator_version=9, suggestion=8, accepted=True),
        "suggestion-decided",
        {"suggestion_id": f"{BLOCK}.8", "accepted": True},
    ),
    (
        transferred(PROJECT, 7, "ada", "grace"),
        "ownership-transferred",
        {"from_user": "ada", "to_user": "grace"},
    ),
    (themed(PROJECT, 8, str(THEME)), "theme-applied", {"theme_id": str(THEME)}),
    (
        version_named(PROJECT, 9, str(REPLY), "Final", 7),
        "version-named",
        {"version_id": str(REPLY), "name": "Final", "position": 7},
    ),
    (
        ProjectRestored(originator_id=PROJECT, originator_version=10, to_position=7),
        "project-restored",
        {"to_position": 7},
    ),
    (
        ProjectBranched(
            originator_id=PROJECT, originator_version=2, origin_project_id=str(SLIDE), origin_position=6
        ),
        "project-branched",
        {"origin_project_id": str(SLIDE), "origin_position": 6},
    ),
    (
        BranchMerged(
            originator_id=PROJECT, originator_version=11, branch_project_id=str(SLIDE), branch_position=9
        ),
        "branch-merged",
        {"branch_project_id": str(SLIDE), "branch_position": 9},
    ),
    (
        StepUndone(originator_id=PROJECT, originator_version=12, step="s", position=4, author="ada"),
        "step-undone",
        {"step": "s", "position": 4, "author": "ada"},
    ),
    (
        StepRedone(originator_id=PROJECT, originator_version=13, step="s", position=4, author="ada"),
        "step-redone",
        {"step": "s", "position": 4, "author": "ada"},
    ),
    (
        ProjectDetached(
            originator_id=PROJECT, originator_version=14, events=20, tombstones="ab", file_sha256="cd"
        ),
        "project-detached",
        {"events": 20, "file_sha256": "cd"},
    ),
    (
        ProjectAttached(originator_id=PROJECT, originator_version=15, members={"ada": "owner"}),
        "project-attached",
        {},
    ),
    (Tombstone(originator_id=BLOCK, originator_version=2), "event-detached", {}),
    (
        HARBOUR,
        "theme-defined",
        {"owner": "ada", "name": "Harbour", "colors": HARBOUR.colors, "fonts": HARBOUR.fonts},
    ),
    (revised(THEME, 2, name="Port"), "theme-revised", {"changes": {"name": "Port"}}),
    # What was written is for those who ask with the keys at hand.
    (
        opened(THREAD, PROJECT, "Why?", block=BLOCK),
        "comment-opened",
        {"thread_id": str(THREAD), "block_id": str(BLOCK), "text": None},
    ),
    (
        replied(THREAD, 2, REPLY, "So."),
        "comment-replied",
        {"thread_id": str(THREAD), "reply_id": str(REPLY), "text": None},
    ),
    (resolved(THREAD, 3), "comment-resolved", {"thread_id": str(THREAD)}),
    (reopened(THREAD, 4), "comment-reopened", {"thread_id": str(THREAD)}),
    (joined(SESSION, PROJECT, "grace", "c"), "session-joined", {"user": "grace", "client": "c"}),
    (left(SESSION, 2, "expired"), "session-left", {"reason": "expired"}),
    *[(event, name, data) for event, _, name, data in TOLD],
    (
        delayed_export(JOB, PROJECT),
        "export-requested",
        {"priority": 5, "delay": 60, "format": "html", "at_position": 41},
    ),
]

KINDS = {
    "domain.project.events": "project",
    "domain.project.retention": "project",
    "domain.block.events": "block",
    "domain.tombstone": "tombstone",
    "domain.theme.events": "theme",
    "domain.comments.events": "comment-thread",
    "domain.session.events": "collaboration-session",
    "domain.job.events": "job",
}


def concrete(base: type[Event]) -> set[type[Event]]:
    """Return all event types below one that have a topic of their own."""
    below = {t for child in base.__subclasses__() for t in concrete(child)}
    return below | ({base} if "TOPIC" in vars(base) else set())


def test_every_event_type_is_registered_and_has_a_public_name() -> None:
    types = {t for t in concrete(Event) if t.__module__.startswith("domain.")}

    assert len(types) == 47
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
    assert f"{event_type.TOPIC}.".startswith(f"decklog.{event_type.KIND}.")


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
            "kind": KINDS[type(event).__module__],
            "version": event.originator_version,
        },
        "project_id": str(PROJECT),
        "actor": {"id": "grace", "kind": "person"},
        "at": "2026-01-31T12:00:09.000000Z",
        "command_id": str(envelope.command_id),
        "data": data,
    }
    assert list(told) == [*("position", "event", "stream", "project_id", "actor", "at", "command_id", "data")]


def test_every_public_event_has_a_schema() -> None:
    assert set(DATA_SCHEMAS) == set(event_schemas()) == {name for name, _ in CATALOGUE.values()}


@pytest.mark.parametrize("name", list(DATA_SCHEMAS))
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(event_schemas()[name])


@pytest.mark.parametrize("event", [event for event, _, _ in PUBLIC], ids=[name for _, name, _ in PUBLIC])
def test_an_event_is_told_as_its_schema_says_and_no_more(event: Event) -> None:
    told = public_event(recorded(event, 9, project=PROJECT, by="grace"))
    schema = event_schemas()[told["event"]]
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    assert [error.message for error in checker.iter_errors(told)] == []
    assert set(told) == set(schema["properties"])
    assert set(told["data"]) <= set(schema["properties"]["data"]["properties"])


@pytest.mark.parametrize(
    "name", [name for name, schema in DATA_SCHEMAS.items() if schema["required"]], ids=str
)
def test_a_schema_refuses_an_event_without_its_data(name: str) -> None:
    event = next(event for event, told, _ in PUBLIC if told == name)
    told = public_event(recorded(event, 9, project=PROJECT)) | {"data": {}}

    assert not Draft202012Validator(event_schemas()[name]).is_valid(told)


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
