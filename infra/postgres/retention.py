"""What keeps detached projects as they are: the guard against appends, and the lock against each other.

The lock: whoever reads the whole log to say what it is (an audit, a checkpoint, an export, a backup) shares
it, and whoever replaces events by tombstones, or tombstones by events, has it alone: else a reader that is
under way would see half of each.
"""

from collections.abc import Iterable
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.pq import ExecStatus, Format
from psycopg.sql import SQL, Identifier

from commands.ports import Append, AppendOutcome
from infra.postgres.arrays import texts
from infra.postgres.batch import STATEMENTS, single_arguments, single_outcomes
from infra.postgres.event_log import structural_topics

# "dltombst" in ASCII.
LOCK = 0x646C746F6D627374
GUARD = "stored_events_not_detached"
# Where the content of a project's events is kept besides the log, to save reading: by project.
DERIVED = ("keyframes", "keyframe_counts")


class Busy(Exception):
    """The log is being read as a whole, or events of it are being moved."""


def share(connection: psycopg.Connection) -> None:
    """Keep events from becoming tombstones, and the other way round, as long as the connection lives."""
    connection.execute("select pg_advisory_lock_shared(%s)", [LOCK])


def have_alone(connection: psycopg.Connection) -> None:
    """Take the lock alone until the transaction ends.

    Raises:
        Busy: somebody else has it; there may be much to wait for.
    """
    row = connection.execute("select pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
    if row is None or not row[0]:
        raise Busy("the log is being verified, exported, backed up or moved at this moment: try again later")


def allow_rewrites(connection: psycopg.Connection) -> None:
    """Let this transaction change events, which a trigger refuses to all others: to bury them, or to put them back."""
    connection.execute("set local decklog.rewrites = 'retention'")


def ensure_guard(connection: psycopg.Connection) -> None:
    """Make the guard if there is none yet: it waits for appends under way, and appends wait for it, for a moment."""
    known = connection.execute(
        "select from pg_trigger where tgrelid = 'stored_events'::regclass and tgname = %s", [GUARD]
    ).fetchone()
    if known is None:
        connection.execute(
            f"create or replace trigger {GUARD} after insert on stored_events"
            " referencing new table as added for each statement execute function refuse_detached()"
        )


def detached(connection: psycopg.Connection) -> dict[UUID, int]:
    """Return the detached projects, each with the position of the event that says so."""
    return dict(connection.execute("select project_id, position from detached_projects").fetchall())


def note_detached(connection: psycopg.Connection, projects: Iterable[tuple[UUID, int]]) -> None:
    """Refuse appends to these projects from now on; the positions are those of the events that say so."""
    with connection.cursor() as cursor:
        cursor.executemany("insert into detached_projects (project_id, position) values (%s, %s)", projects)


def note_attached(connection: psycopg.Connection, project_id: UUID) -> None:
    """Let a project take events again."""
    connection.execute("delete from detached_projects where project_id = %s", [project_id])


def forget_derived(connection: psycopg.Connection, project_id: UUID) -> None:
    """Delete snapshots and the like of a project: what they keep is what its events said."""
    connection.execute(
        "delete from snapshots where stream_id in (select originator_id from stored_events where project_id = %s)",
        [project_id],
    )
    for table in DERIVED:
        known = connection.execute("select to_regclass(%s)", [table]).fetchone()
        if known is not None and known[0] is not None:
            query = SQL("delete from {} where project_id = %s").format(Identifier(table))
            connection.execute(query, [project_id])


def append(connection: psycopg.Connection, request: Append) -> AppendOutcome:
    """Append one event in the transaction of a connection: from here on, that transaction holds the log's head.

    Raises:
        psycopg.Error: it was refused.
    """
    name: LiteralString = "append_single"
    types, query = STATEMENTS[name]
    connection.execute(f"prepare {name} ({types}) as {query}".encode(), prepare=False)
    parameters = single_arguments([request], texts(structural_topics()))
    result = connection.pgconn.exec_prepared(name.encode(), parameters, [Format.BINARY] * len(parameters), 1)
    connection.execute(f"deallocate {name}".encode(), prepare=False)
    if result.status != ExecStatus.TUPLES_OK:
        raise psycopg.errors.error_from_result(result)
    outcome = single_outcomes([request], result.get_value(0, 0) or b"")[0]
    if outcome is None:
        raise psycopg.InternalError("a command's new id was used before")
    return outcome


def is_rebuilding(connection: psycopg.Connection) -> bool:
    """Tell whether read models are being rebuilt beside the live ones."""
    known = connection.execute("select to_regclass('projection_rebuild')").fetchone()
    if known is None or known[0] is None:
        return False
    return connection.execute("select from projection_rebuild limit 1").fetchone() is not None


def projected_within(
    connection: psycopg.Connection, partition: int, project_id: UUID, position: int
) -> int | None:
    """Keep a partition's projectors where they are until the transaction ends.

    Returns how far a read model has come that met some tombstones of the project and not yet `position`,
    where the project leaves the log; None if there is none.
    """
    row = connection.execute(
        "select min(c.position) from (select position from projection_checkpoints where partition = %s for update) c"
        " where c.position < %s and c.position >="
        " (select min(notification_id) from stored_events where project_id = %s)",
        [partition, position, project_id],
    ).fetchone()
    return row[0] if row else None
