"""What detaching a project and bringing it back have in common."""

import hashlib
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from commands.ports import Append, Appended, EventWrite, StreamWrite
from domain.project import ProjectRetention
from infra.audit.exported import ExportedLog
from infra.audit.parallel import Progress
from infra.audit.rows import RawRow, place_of
from infra.audit.scan import TICK
from infra.audit.stored import connect
from infra.audit.verify import recompute
from infra.postgres.connections import session_options
from infra.postgres.retention import append
from infra.settings import Settings

Rows = Generator[RawRow, None, None]

# Milliseconds: what a lock may be waited for, the one that the first detach needs on the whole log above all.
PATIENCE = "10000"


class NotPossible(Exception):
    """It cannot be done, and nothing was: the text says why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: the project, how many events, and the position of the event that says so."""

    project: UUID
    events: int
    position: int
    file_sha256: str


def connection_to(settings: Settings) -> psycopg.Connection:
    """Open a connection that may take its time, and does not wait for locks for long."""
    return connect(
        settings.direct_dsn, session_options(settings, statement_timeout="0", lock_timeout=PATIENCE)
    )


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_verified(path: Path, project: UUID) -> None:
    """Recompute every hash in a file, which has to hold streams from their beginnings and nothing detached.

    Raises:
        NotPossible: something is wrong with it.
    """
    log = ExportedLog(path, project)
    done = recompute(log)
    if done.refused:
        raise NotPossible(f"{path}, line {log.line_at(done.refused.at)}: {done.refused.reason}")
    if done.findings:
        first = done.findings.listed()[0]
        raise NotPossible(f"{path} does not verify: position {first.position}: {first.detail}")
    if done.tombstones:
        raise NotPossible(f"{path} holds tombstones itself")


def paired(stored: Rows, file: Rows, what: str) -> Rows:
    """Yield the rows of both, which have to be the same.

    Raises:
        NotPossible: they are not; the text says from where on.
    """
    with closing(stored), closing(file):
        count = 0
        for row in stored:
            other = next(file, None)
            if other is None:
                raise NotPossible(f"the file ends after {count:,} events, {what} goes on")
            if other != row:
                raise NotPossible(
                    f"event {count + 1:,} of the file (position {place_of(other[0])[2]}) is not that of {what}"
                    f" (position {place_of(row[0])[2]})"
                )
            count += 1
            yield row
        if next(file, None) is not None:
            raise NotPossible(f"the file goes on after {count:,} events, {what} ends")


def append_event(connection: psycopg.Connection, event: ProjectRetention) -> int:
    """Append an event to the project's stream, and return its position; the transaction then holds the head.

    Raises:
        NotPossible: another was quicker.
    """
    command, project = uuid4(), event.originator_id
    outcome = append(
        connection,
        Append(
            caller="decklog",
            command_id=command,
            request_hash=b"",
            status=200,
            body=b"",
            metadata={"actor": {"id": "decklog", "kind": "machine"}, "correlation_id": str(command)},
            writes=[StreamWrite(project, project, event.originator_version - 1)],
            events=[EventWrite(0, event, command)],
            keyed=False,
        ),
    )
    if not isinstance(outcome, Appended):
        raise NotPossible(f"something was written to project {project} meanwhile")
    return outcome.base + 1


def version_of(connection: psycopg.Connection, stream: UUID) -> int:
    """Return a stream's version, 0 if there is none."""
    row = connection.execute(
        "select max(originator_version) from stored_events where originator_id = %s", [stream]
    ).fetchone()
    return row[0] if row and row[0] else 0


def tick(progress: Progress, count: int) -> None:
    """Tell now and then how much was done."""
    if not count % TICK:
        progress(count)
