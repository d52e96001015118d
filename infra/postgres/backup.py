"""What of the database is no event and cannot be derived from any, out of it and back: answers and keys of persons."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg

from infra.postgres.vault import CHANNEL

AT_ONCE = 5_000
# What a database that was only migrated has none of, besides events.
_SOME = """select exists (select from person_keys) or exists (select from log_checkpoints)
    or exists (select from projection_checkpoints where position > 0)"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered, as `command_results` has it; ids and times are text."""

    caller: str
    command_id: str
    request_hash: bytes
    status: int
    base: int
    body: bytes
    recorded_at: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One generation of a person's key, wrapped; without a key it was shredded, or is not told here."""

    person: str
    generation: int
    key: bytes | None
    created_at: datetime
    shredded_at: datetime | None

    @property
    def name(self) -> tuple[str, int]:
        """Whose it is."""
        return self.person, self.generation

    def shredded(self, at: datetime) -> "KeyRow":
        """Return the row as it is when its key was dropped."""
        return replace(self, key=None, shredded_at=self.shredded_at or at)


@contextmanager
def one_moment(connection: psycopg.Connection) -> Iterator[None]:
    """Read everything as of one moment."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield


def has_more_than_events(connection: psycopg.Connection) -> bool:
    """Tell whether there is anything that a restore would have to mix with its own."""
    row = connection.execute(_SOME).fetchone()
    return row is None or bool(row[0])


def answers(connection: psycopg.Connection) -> Iterator[Answer]:
    """Read all recorded answers, in constant memory; in a transaction."""
    with connection.cursor("answers") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(
            "select caller, command_id::text, request_hash, status, base, body, recorded_at::text"
            " from command_results"
        )
        for row in cursor:
            yield Answer(*row)


def put_answers(connection: psycopg.Connection, found: Iterable[Answer]) -> int:
    """Write answers, and return how many there were."""
    count = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy command_results (caller, command_id, request_hash, status, base, body, recorded_at) from stdin"
        ) as copy,
    ):
        for a in found:
            copy.write_row((a.caller, a.command_id, a.request_hash, a.status, a.base, a.body, a.recorded_at))
            count += 1
    return count


def key_rows(connection: psycopg.Connection) -> list[KeyRow]:
    """Read all keys, wrapped as they are."""
    rows = connection.execute(
        "select person, generation, key, created_at, shredded_at from person_keys order by person, generation"
    )
    return [KeyRow(*row) for row in rows]


def put_key_rows(connection: psycopg.Connection, rows: Iterable[KeyRow]) -> None:
    """Write keys, and have every process forget what it knew."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into person_keys (person, generation, key, created_at, shredded_at) values (%s, %s, %s, %s, %s)",
            [(r.person, r.generation, r.key, r.created_at, r.shredded_at) for r in rows],
        )
    connection.execute("select pg_notify(%s, '')", [CHANNEL])
