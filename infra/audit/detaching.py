"""A project out of the log into a file, with tombstones in its place.

All that the log sees happens in one transaction, after the file is complete and durable: a process that is
killed has done either nothing, or all. Meanwhile others append; the head is held at the very end only.
"""

import os
from contextlib import closing
from pathlib import Path
from uuid import UUID

import psycopg

from domain.project import ProjectArchived, ProjectDetached, ProjectUnarchived
from domain.tombstone import Tombstone
from infra.audit.exported import ExportedLog
from infra.audit.moved import (
    Moved,
    NotPossible,
    append_event,
    connection_to,
    paired,
    require_verified,
    sha256_of,
    tick,
    version_of,
)
from infra.audit.moving import export_log
from infra.audit.parallel import Progress
from infra.audit.stored import StoredLog, rows_on
from infra.audit.taking import stored_log
from infra.audit.tombstones import METADATA, STATE, Claim, claim, digest_of, leaf
from infra.postgres.retention import (
    allow_rewrites,
    detached,
    ensure_guard,
    forget_derived,
    have_alone,
    note_detached,
)
from infra.settings import Settings


def detach(settings: Settings, project: UUID, path: Path, progress: Progress) -> Moved:
    """Move an archived project's events into a file, and leave tombstones.

    A file of this name that holds the very same events is taken as it is: so it may be tried again.

    Args:
        settings: Where the log is.
        project: The project.
        path: The file to write.
        progress: Called with the number of events done, over three passes.

    Raises:
        NotPossible: it is no project, not archived, was detached before, or the file is there and another.
        Busy: the log is being read as a whole.
        OSError: the file cannot be written.
        psycopg.Error: the database is away.
    """
    with closing(connection_to(settings)) as connection:
        _require_archived(connection, project)
        source, _ = stored_log(settings, project=project)
        _export(source, path, progress)
        require_verified(path, project)
        ensure_guard(connection)
        with connection.transaction():
            have_alone(connection)
            _require_archived(connection, project)
            said = _bury(connection, source, path, progress)
            position = append_event(connection, said)
            # The head is held from here on.
            _require_nothing_late(connection, source, position)
            note_detached(connection, [(project, position)])
    return Moved(project, said.events, position, said.file_sha256)


def detached_claims(settings: Settings) -> list[Claim]:
    """Return what the log says of each detached project, in the order in which they went.

    Raises:
        psycopg.Error: the database is away.
    """
    with closing(connection_to(settings)) as connection:
        found = [
            claim(fields)
            for position in sorted(detached(connection).values())
            for fields, _ in rows_on(connection, (position, position + 1))
        ]
    return [said for said in found if said is not None]


def _require_archived(connection: psycopg.Connection, project: UUID) -> None:
    if project in detached(connection):
        raise NotPossible(f"project {project} is detached already")
    last = connection.execute(
        "select (select topic from stored_events where originator_id = %(project)s and topic = any(%(topics)s)"
        " order by originator_version desc limit 1)"
        " from stored_events where originator_id = %(project)s and originator_version = 1"
        " and project_id = %(project)s",
        {"project": project, "topics": [ProjectArchived.TOPIC, ProjectUnarchived.TOPIC]},
    ).fetchone()
    if last is None:
        raise NotPossible(f"there is no project {project}")
    if last[0] != ProjectArchived.TOPIC:
        raise NotPossible(f"project {project} is not archived: only archived projects are detached")


def _export(source: StoredLog, path: Path, progress: Progress) -> None:
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as out:
        export_log(source, out.write, progress)
        out.flush()
        os.fsync(out.fileno())
    if not path.exists():
        draft.rename(path)
    elif sha256_of(path) == sha256_of(draft):
        draft.unlink()
    else:
        draft.unlink()
        raise NotPossible(f"{path} is there already, and it is another file")
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _bury(
    connection: psycopg.Connection, source: StoredLog, path: Path, progress: Progress
) -> ProjectDetached:
    """Hold the file against the rows, make these tombstones, and return the event that is to say so."""
    project = source.project
    log = ExportedLog(path, project)
    leaves: list[bytes] = []
    for row in paired(rows_on(connection, source.whole, project), log.rows(log.whole), "the log"):
        leaves.append(leaf(row))
        tick(progress, len(leaves))
    allow_rewrites(connection)
    done = connection.execute(
        "update stored_events set topic = %s, state = %s, metadata = %s::json"
        " where project_id = %s and notification_id <= %s",
        [Tombstone.TOPIC, STATE, METADATA.decode(), project, source.head],
    )
    if project is None or done.rowcount != len(leaves):
        raise NotPossible(f"{done.rowcount:,} rows were found, and {len(leaves):,} were expected")
    forget_derived(connection, project)
    return ProjectDetached(
        originator_id=project,
        originator_version=version_of(connection, project) + 1,
        events=len(leaves),
        tombstones=digest_of(leaves),
        file_sha256=sha256_of(path),
    )


def _require_nothing_late(connection: psycopg.Connection, source: StoredLog, position: int) -> None:
    late = connection.execute(
        "select from stored_events where project_id = %s and notification_id > %s and notification_id < %s limit 1",
        [source.project, source.head, position],
    ).fetchone()
    if late is not None:
        raise NotPossible(f"something was written to project {source.project} meanwhile")
