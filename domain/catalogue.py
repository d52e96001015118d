"""The public catalogue of events: the names and data that history and live streams show.

It is versioned apart from what is stored: renaming or upcasting a stored event need not change what
clients see.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from domain.block import BlockAdded, BlockDeleted, BlockEdited, BlockMoved, BlockUndeleted
from domain.events import Event, EventRegistry, Recorded
from domain.personal import located_actor, located_fields, without_fields
from domain.project import (
    AccessGranted,
    AccessRevoked,
    ProjectArchived,
    ProjectCreated,
    ProjectRenamed,
    ProjectUnarchived,
)

Describe = Callable[[Any], dict[str, Any]]


def _nothing(_: Event) -> dict[str, Any]:
    return {}


def _created(e: ProjectCreated) -> dict[str, Any]:
    return {"title": e.title, "owner": e.owner, "aspect": e.aspect, "theme_id": e.theme_id}


def _added(e: BlockAdded) -> dict[str, Any]:
    return {"parent_id": e.parent_id, "type": e.type, "rank": e.rank, "content": e.content}


def _moved(e: BlockMoved) -> dict[str, Any]:
    return {"parent_id": e.parent_id, "rank": e.rank}


CATALOGUE: Mapping[type[Event], tuple[str, Describe]] = {
    ProjectCreated: ("project-created", cast("Describe", _created)),
    ProjectRenamed: ("project-renamed", lambda e: {"title": e.title}),
    AccessGranted: ("access-granted", lambda e: {"user": e.user, "role": e.role}),
    AccessRevoked: ("access-revoked", lambda e: {"user": e.user}),
    ProjectArchived: ("project-archived", _nothing),
    ProjectUnarchived: ("project-unarchived", _nothing),
    BlockAdded: ("block-added", cast("Describe", _added)),
    BlockEdited: ("block-edited", lambda e: {"changes": e.changes}),
    BlockMoved: ("block-moved", cast("Describe", _moved)),
    BlockDeleted: ("block-deleted", _nothing),
    BlockUndeleted: ("block-undeleted", _nothing),
}


def event_registry() -> EventRegistry:
    """Return the registry of every event type that this release can read."""
    return EventRegistry(CATALOGUE)


def timestamp(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with microseconds, such as `2026-01-31T09:30:00.000001Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def public_event(recorded: Recorded, *, sealed: bool = False) -> dict[str, Any]:
    """Describe an event as clients see it, in history and live alike.

    Args:
        recorded: the event.
        sealed: hold personal values too, as they are sealed, to be revealed before a client gets it;
            otherwise the description holds nothing personal, and may be kept anywhere.
    """
    event = recorded.event
    name, describe = CATALOGUE[type(event)]
    actor = recorded.metadata["actor"]
    shown = {"id": actor["id"], "kind": actor["kind"]}
    if sealed and "name" in actor:
        shown["name"] = located_actor(recorded, "name")
    if event.PERSONAL:
        event = located_fields(recorded) if sealed else without_fields(event)
    return {
        "position": recorded.position,
        "event": name,
        "stream": {
            "id": str(event.originator_id),
            "kind": event.KIND,
            "version": event.originator_version,
        },
        "project_id": str(recorded.project_id),
        "actor": shown,
        "at": timestamp(recorded.recorded_at),
        "command_id": str(recorded.command_id),
        "data": describe(event),
    }
