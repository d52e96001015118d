from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.documents import BlockDocument, ProjectDocument, fold_block, fold_project
from domain.events import Recorded
from projections.blocks.queries import document as block_document
from projections.projects.queries import document as project_document
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
    themed,
    transferred,
    unarchived,
    undeleted,
)

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")

CREATED = recorded(created(PROJECT, "A", theme_id="t"), 3)
ADDED = recorded(
    added(BLOCK, PROJECT, "heading", parent=SLIDE, rank="a1", content={"text": "A", "level": 2}),
    4,
    project=PROJECT,
)


@pytest.fixture
def project() -> ProjectDocument:
    return fold_project(None, CREATED)


@pytest.fixture
def block() -> BlockDocument:
    return fold_block(None, ADDED)


def touched(row: Any, by: Recorded, **changes: Any) -> Any:
    """Return the row as an event leaves it: what it changes, and the event's own traces."""
    return replace(
        row,
        version=by.event.originator_version,
        position=by.position,
        updated_at=by.recorded_at,
        updated_by=by.actor,
        **changes,
    )


def test_a_project_begins_with_its_owner_as_member(project: ProjectDocument) -> None:
    assert project == ProjectDocument(
        project_id=PROJECT,
        title="A",
        owner="ada",
        aspect="16:9",
        theme_id="t",
        archived=False,
        version=1,
        position=3,
        created_at=CREATED.recorded_at,
        created_by="ada",
        updated_at=CREATED.recorded_at,
        updated_by="ada",
        members={"ada": "owner"},
    )


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (renamed(PROJECT, 2, "B"), {"title": "B"}),
        (granted(PROJECT, 2, "vera", "viewer"), {"members": {"ada": "owner", "vera": "viewer"}}),
        (granted(PROJECT, 2, "ada", "editor"), {"members": {"ada": "editor"}}),
        (revoked(PROJECT, 2, "ada"), {"members": {}}),
        (revoked(PROJECT, 2, "nobody"), {}),
        (archived(PROJECT, 2), {"archived": True}),
        (unarchived(PROJECT, 2), {"archived": False}),
        (themed(PROJECT, 2, "u"), {"theme_id": "u"}),
        (themed(PROJECT, 2, None), {"theme_id": None}),
    ],
)
def test_a_projects_events_change_what_they_say(project: ProjectDocument, event: Any, changes: Any) -> None:
    later = recorded(event, 8, by="grace")

    assert fold_project(project, later) == touched(project, later, **changes)


@pytest.mark.parametrize(
    ("later", "owner"),
    [
        ([], "ada"),
        ([granted(PROJECT, 4, "bert", "owner")], "ada"),
        ([transferred(PROJECT, 4, "ada", "vera")], "vera"),
        # Another owner hands over: the one who is named stays.
        ([transferred(PROJECT, 4, "zoe", "vera")], "ada"),
        # Who is named is demoted, removed or leaves: the first of those who are left, by id.
        ([granted(PROJECT, 4, "ada", "viewer")], "zoe"),
        ([granted(PROJECT, 4, "bert", "owner"), revoked(PROJECT, 5, "ada")], "bert"),
        ([transferred(PROJECT, 4, "ada", "vera"), revoked(PROJECT, 5, "vera")], "zoe"),
        # Who comes back is not named again.
        ([revoked(PROJECT, 4, "ada"), granted(PROJECT, 5, "ada", "owner")], "zoe"),
    ],
)
def test_a_project_is_named_after_one_of_its_owners(
    project: ProjectDocument, later: list[Any], owner: str
) -> None:
    shared = [granted(PROJECT, 2, "zoe", "owner"), granted(PROJECT, 3, "vera", "viewer")]
    for position, event in enumerate([*shared, *later], 8):
        project = fold_project(project, recorded(event, position))

    assert project.owner == owner
    assert project.members[owner] == "owner"


def test_an_archived_project_can_come_back(project: ProjectDocument) -> None:
    shut = fold_project(project, recorded(archived(PROJECT, 2), 8))

    assert shut.archived
    assert not fold_project(shut, recorded(unarchived(PROJECT, 3), 9)).archived


def test_a_block_begins_as_it_was_added(block: BlockDocument) -> None:
    assert block == BlockDocument(
        project_id=PROJECT,
        block_id=BLOCK,
        parent_id=SLIDE,
        type="heading",
        rank="a1",
        deleted=False,
        version=1,
        position=4,
        created_at=ADDED.recorded_at,
        created_by="ada",
        updated_at=ADDED.recorded_at,
        updated_by="ada",
        origin_block_id=None,
        content={"text": "A", "level": 2},
    )


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (edited(BLOCK, 2, text="B"), {"content": {"text": "B", "level": 2}}),
        (moved(BLOCK, 2, "a5", PROJECT), {"rank": "a5", "parent_id": PROJECT}),
        (moved(BLOCK, 2, "a5"), {"rank": "a5", "parent_id": None}),
        (deleted(BLOCK, 2), {"deleted": True}),
        (undeleted(BLOCK, 2), {"deleted": False}),
    ],
)
def test_a_blocks_events_change_what_they_say(block: BlockDocument, event: Any, changes: Any) -> None:
    later = recorded(event, 8, project=PROJECT, by="grace")

    assert fold_block(block, later) == touched(block, later, **changes)


def test_a_deleted_block_can_come_back(block: BlockDocument) -> None:
    gone = fold_block(block, recorded(deleted(BLOCK, 2), 8, project=PROJECT))

    assert gone.deleted
    assert not fold_block(gone, recorded(undeleted(BLOCK, 3), 9, project=PROJECT)).deleted


def test_folding_leaves_the_row_before_as_it_was(block: BlockDocument, project: ProjectDocument) -> None:
    fold_block(block, recorded(edited(BLOCK, 2, text="B"), 8, project=PROJECT))
    fold_project(project, recorded(granted(PROJECT, 2, "vera", "viewer"), 8))

    assert block.content == {"text": "A", "level": 2}
    assert project.members == {"ada": "owner"}


@pytest.mark.parametrize(
    ("fold", "event"), [(fold_block, edited(BLOCK, 2, text="B")), (fold_project, renamed(PROJECT, 2, "B"))]
)
def test_an_event_before_the_first_one_is_told_by_its_position(fold: Callable[..., Any], event: Any) -> None:
    with pytest.raises(ValueError, match="event 8 "):
        fold(None, recorded(event, 8))


def test_a_blocks_document_is_that_of_the_contract(block: BlockDocument) -> None:
    assert block_document(block) == {
        "id": str(BLOCK),
        "project_id": str(PROJECT),
        "parent_id": str(SLIDE),
        "type": "heading",
        "rank": "a1",
        "origin_block_id": None,
        "content": {"text": "A", "level": 2},
        "version": 1,
        "position": 4,
        "deleted": False,
        "created_at": "2026-01-31T12:00:04.000000Z",
        "created_by": "ada",
        "updated_at": "2026-01-31T12:00:04.000000Z",
        "updated_by": "ada",
    }
    assert block_document(replace(block, parent_id=None))["parent_id"] is None


def test_a_projects_document_is_that_of_the_contract_but_for_the_callers_role(
    project: ProjectDocument,
) -> None:
    shared = fold_project(project, recorded(granted(PROJECT, 2, "Aaron", "viewer"), 5))

    assert project_document(shared) == {
        "id": str(PROJECT),
        "title": "A",
        "owner": "ada",
        "members": [{"user": "Aaron", "role": "viewer"}, {"user": "ada", "role": "owner"}],
        "aspect": "16:9",
        "theme_id": "t",
        "archived": False,
        "version": 2,
        "position": 5,
        "created_at": "2026-01-31T12:00:03.000000Z",
        "created_by": "ada",
        "updated_at": "2026-01-31T12:00:05.000000Z",
        "updated_by": "ada",
    }
