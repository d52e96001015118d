"""Reads what a run left behind: rows of the log, recorded answers, journals, what readers saw."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg

from tests.faults.checker import Result, Seen, Stored
from tests.faults.journal import Answered, Intended, read

CHUNK = 5_000

_ROWS = """
select notification_id, originator_id, originator_version, topic, state, project_id, command_id, recorded_at,
    metadata -> 'actor' ->> 'id'
from stored_events order by notification_id
"""
_RESULTS = "select caller, command_id, request_hash, status, base, body from command_results"


def rows(connection: psycopg.Connection) -> Iterator[Stored]:
    """Read the log in order, in constant memory."""
    with connection.transaction(), connection.cursor("rows", scrollable=False) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(_ROWS)
        yield from itertools.starmap(Stored, cursor)


def results(connection: psycopg.Connection) -> Iterator[Result]:
    """Read the recorded answers."""
    with connection.transaction(), connection.cursor("results", scrollable=False) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(_RESULTS)
        yield from itertools.starmap(Result, cursor)


def head(connection: psycopg.Connection) -> int:
    row = connection.execute("select position from log_head").fetchone()
    assert row is not None
    return int(row[0])


def journals(paths: list[Path]) -> Iterator[Intended | Answered]:
    """Read journals one after the other."""
    return itertools.chain.from_iterable(map(read, paths))


def seen(path: Path) -> Iterator[Seen]:
    """Read what a reader saw, up to the last whole line."""
    with path.open(encoding="ascii") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            position, stream, version, command = line.split()
            yield int(position), UUID(hex=stream), int(version), UUID(hex=command)
