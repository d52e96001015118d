"""Moves a log out of a database and into another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

import psycopg

from infra.audit.checkpoint import Checkpoint, link, read
from infra.audit.cloudevents import render
from infra.audit.copying import copy_in
from infra.audit.exported import ExportedLog
from infra.audit.findings import Finding, Findings
from infra.audit.parallel import Progress
from infra.audit.rows import RawRow
from infra.audit.scan import TICK
from infra.audit.stored import StoredLog, connect
from infra.audit.trail import compare, keep_in_database, kept_in_database
from infra.audit.verify import Recomputed, recompute_rows
from infra.postgres.connections import session_options
from infra.postgres.epochs import begin_epoch
from infra.postgres.retention import ensure_guard, note_detached
from infra.settings import Settings

_BUFFER = 1 << 20
# What an empty log has none of.
_SOME = """select position <> 0 or exists (select from stored_events) or exists (select from command_results)
    or exists (select from detached_projects) from log_head for update"""


class NotEmpty(Exception):
    """The log to import into has events, or had some."""


class NotVerified(Exception):
    """What was to be imported is not a whole log that verifies."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        self.findings = findings


def export_log(source: StoredLog, write: Callable[[bytes], object], progress: Progress) -> int:
    """Write events as lines, see `cloudevents`; memory is constant. Return how many there were."""
    return write_rows(source.rows(source.whole), write, progress)


def write_rows(rows: Iterator[RawRow], write: Callable[[bytes], object], progress: Progress) -> int:
    """Write rows as lines, and return how many there were."""
    buffer = bytearray()
    events = 0
    for events, row in enumerate(rows, 1):
        buffer += render(row)
        if len(buffer) >= _BUFFER:
            write(bytes(buffer))
            buffer = bytearray()
        if not events % TICK:
            progress(events)
    write(bytes(buffer))
    progress(events)
    return events


def import_log(
    settings: Settings, path: Path, progress: Progress, checkpoints: Sequence[str] = ()
) -> tuple[int, UUID]:
    """Fill an empty log with an exported whole one: all of it, or nothing.

    Positions, times and hashes stay as they are; the epoch is a new one. Answers recorded for repeats of
    commands are not in an export, so a command sent again after an import is a new one.

    Args:
        settings: Where the log is.
        path: The exported file.
        progress: Called with the number of events done.
        checkpoints: The lines of checkpoints that were signed over this log, to go on with. Their signatures
            are not checked here, for `audit verify` does it against a key that it is given.

    Returns:
        The head position and the new epoch.

    Raises:
        NotEmpty: the log is not empty.
        NotVerified: a hash is wrong, or something is missing: then nothing was written.
        OSError: the file cannot be read.
        psycopg.Error: the database is away.
    """
    options = session_options(settings, statement_timeout="0")
    with closing(connect(settings.direct_dsn, options)) as connection, connection.transaction():
        require_empty(connection)
        return fill(connection, path, progress, checkpoints)


def require_empty(connection: psycopg.Connection) -> None:
    """Keep writers out until the transaction ends: it holds the head from here on.

    Raises:
        NotEmpty: there is something in the log.
    """
    some = connection.execute(_SOME).fetchone()
    if some is None or some[0]:
        raise NotEmpty("the log is not empty: a log is imported into a database that was only migrated")


def fill(
    connection: psycopg.Connection, path: Path, progress: Progress, checkpoints: Sequence[str] = ()
) -> tuple[int, UUID]:
    """Fill the empty log in the transaction of a connection; see `import_log`."""
    log, found = ExportedLog(path), Findings()
    known = _followed(checkpoints, found)
    done = Recomputed()

    def verify(rows: Iterator[RawRow]) -> None:
        nonlocal done
        done = recompute_rows(rows, progress, [c.position for c in known])
        done.findings.merge(found)
        compare(known, done.roots, done.last, done.findings)
        if done.findings or done.refused or not done.events:
            raise NotVerified(done.findings)

    copy_in(connection, "stored_events", log.rows(log.whole), verify)
    connection.execute(
        "update log_head set position = notification_id, recorded_at = s.recorded_at"
        " from stored_events s where notification_id = %s",
        [done.last],
    )
    if done.detached:
        note_detached(connection, [(c.project, c.position) for c in done.detached])
        ensure_guard(connection)
    if known and kept_in_database(connection):
        raise NotEmpty("there are checkpoints already: leave those to be imported out")
    for checkpoint in known:
        keep_in_database(connection, checkpoint)
    epoch = begin_epoch(connection)
    connection.execute("select pg_notify('decklog_log', %s)", [str(done.last)])
    return done.last, epoch


def _followed(lines: Sequence[str], findings: Findings) -> list[Checkpoint]:
    """Read checkpoints, each of which has to follow from the one before it."""
    found: list[Checkpoint] = []
    before: str | None = None
    for number, line in enumerate(lines, 1):
        checkpoint = read(line)
        if checkpoint is None or checkpoint.number != number or checkpoint.previous != link(before):
            findings.add(Finding("checkpoint", "it does not follow from the one before it", number=number))
            return found
        found.append(checkpoint)
        before = line
    return found
