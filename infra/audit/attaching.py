"""A detached project out of its file, and back into the places that its tombstones kept."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import orjson
import psycopg

from domain.catalogue import event_registry
from domain.project import Project, ProjectAttached, ProjectDetached, ProjectEvent
from domain.tombstone import Tombstone
from infra.audit.copying import copy_in
from infra.audit.exported import ExportedLog
from infra.audit.moved import (
    Moved,
    NotPossible,
    Rows,
    append_event,
    connection_to,
    paired,
    require_verified,
    sha256_of,
    tick,
    version_of,
)
from infra.audit.parallel import Progress
from infra.audit.rows import RawRow
from infra.audit.source import Refused
from infra.audit.stored import rows_on
from infra.audit.tombstones import Claim, buried, claim
from infra.postgres.retention import (
    allow_rewrites,
    detached,
    have_alone,
    is_rebuilding,
    note_attached,
    projected_within,
)
from infra.settings import Settings
from projections.partitions import partition_of


def attach(settings: Settings, path: Path, progress: Progress) -> Moved:
    """Put the events of a detached project back into their places.

    Args:
        settings: Where the log is.
        path: The file that `detach` wrote.
        progress: Called with the number of events done.

    Raises:
        NotPossible: the file is not the one, or the project is not detached.
        Busy: the log is being read as a whole.
        OSError: the file cannot be read.
        psycopg.Error: the database is away.
    """
    project = project_of(path)
    require_verified(path, project)
    with closing(connection_to(settings)) as connection, connection.transaction():
        have_alone(connection)
        said = _compare(connection, project, path)
        if is_rebuilding(connection):
            # It may be in the middle of the project, where it met tombstones so far.
            raise NotPossible("read models are being rebuilt: finish or give up that first")
        within = projected_within(
            connection, partition_of(project, settings.stream_partitions), project, said.position
        )
        if within is not None:
            raise NotPossible(
                f"the read models have come to position {within} only: start the workers, and try again when"
                f" they have passed {said.position}"
            )
        _fill(connection, path, said, progress)
        note_attached(connection, project)
        event = ProjectAttached(
            originator_id=project,
            originator_version=version_of(connection, project) + 1,
            members=_members(connection, project),
        )
        position = append_event(connection, event)
    return Moved(project, said.events, position, said.file_sha256)


def check(settings: Settings, path: Path) -> Moved:
    """Hold a file against the tombstones of its project; change nothing.

    Raises:
        NotPossible: the file is not the one, or the project is not detached.
        OSError, psycopg.Error: as for `attach`.
    """
    project = project_of(path)
    require_verified(path, project)
    with closing(connection_to(settings)) as connection, connection.transaction():
        said = _compare(connection, project, path)
    return Moved(project, said.events, said.position, said.file_sha256)


def project_of(path: Path) -> UUID:
    """Tell from its first line whose events a file holds.

    Raises:
        NotPossible: it is no file of events.
        OSError: the file cannot be read.
    """
    log = ExportedLog(path)
    try:
        for fields, _ in log.rows(log.whole):
            return UUID(bytes=fields[32:48])
    except Refused as refused:
        raise NotPossible(f"{path}, line 1: {refused.reason}") from None
    raise NotPossible(f"{path} is empty")


def _compare(connection: psycopg.Connection, project: UUID, path: Path) -> Claim:
    """Hold a file against the tombstones of its project, row by row; return what the log says of them."""
    position = detached(connection).get(project)
    if position is None:
        raise NotPossible(f"project {project} is not detached")
    [said] = [claim(fields) for fields, _ in rows_on(connection, (position, position + 1))] or [None]
    if said is None or said.project != project:
        raise NotPossible(f"position {position} does not say that project {project} was detached")
    log = ExportedLog(path, project)
    expected: Rows = (buried(row) for row in log.rows(log.whole))
    count = sum(1 for _ in paired(rows_on(connection, (1, position), project), expected, "the tombstones"))
    if count != said.events:
        raise NotPossible(f"{count:,} tombstones, and {said.events:,} events were detached")
    return said


def _fill(connection: psycopg.Connection, path: Path, said: Claim, progress: Progress) -> None:
    log = ExportedLog(path, said.project)

    def take(rows: Iterator[RawRow]) -> None:
        for count, _ in enumerate(rows, 1):
            tick(progress, count)

    connection.execute("create temp table attached (like stored_events) on commit drop")
    copy_in(connection, "attached", log.rows(log.whole), take)
    if sha256_of(path) != said.file_sha256:
        raise NotPossible(f"{path} is not the file that was written then")
    connection.execute("analyze attached")
    allow_rewrites(connection)
    done = connection.execute(
        "update stored_events s set topic = a.topic, state = a.state, metadata = a.metadata from attached a"
        " where s.originator_id = a.originator_id and s.originator_version = a.originator_version"
        " and s.notification_id = a.notification_id and s.hash = a.hash and s.topic = %s",
        [Tombstone.TOPIC],
    )
    if done.rowcount != said.events:
        raise NotPossible(f"{done.rowcount:,} of {said.events:,} tombstones were found")


def _members(connection: psycopg.Connection, project: UUID) -> dict[str, str]:
    """Fold the project's stream, which is back, and return who was a member before it was detached."""
    registry = event_registry()
    state: Project | None = None
    members: dict[str, str] = {}
    for version, topic, stored in connection.execute(
        "select originator_version, topic, state from stored_events where originator_id = %s"
        " order by originator_version",
        [project],
    ).fetchall():
        event = registry.rebuild(topic, project, version, orjson.loads(stored))
        if not isinstance(event, ProjectEvent):
            raise NotPossible(f"version {version} of project {project} is no event of a project")
        if isinstance(event, ProjectDetached) and state is not None:
            members = {user: role.label for user, role in state.members.items()}
        state = Project.evolve(state, event)
    return members
