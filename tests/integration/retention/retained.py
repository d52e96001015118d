"""Decks in a log, without servers around it, and what is done to them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from logs import added, created, opened, renamed, request

from commands.ports import Appended
from domain.block import BlockEdited
from domain.project import ProjectArchived
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings
from tests.conftest import TAMPERING


def nothing(_: int) -> None:
    return


@dataclass
class Deck:
    """A project of three blocks; `version` is that of its own stream."""

    id: UUID = field(default_factory=uuid4)
    blocks: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(3)])
    version: int = 2


async def write(log: PostgresEventLog, deck: Deck, *, archived: bool = True, edits: int = 3) -> None:
    """Write a deck, 2 + 3 + 3 * edits events and one more where it is archived."""
    await _append(log, deck, [(deck.id, 0)], [created(deck.id, "Secret title"), renamed(deck.id, 2)])
    for block in deck.blocks:
        await _append(log, deck, [(block, 0)], [added(deck.id, block)])
    for n in range(edits):
        for block in deck.blocks:
            event = BlockEdited(
                originator_id=block, originator_version=n + 2, changes={"title": f"secret {n}"}
            )
            await _append(log, deck, [(block, n + 1)], [event])
    if archived:
        await archive(log, deck)


async def archive(log: PostgresEventLog, deck: Deck) -> None:
    event = ProjectArchived(originator_id=deck.id, originator_version=deck.version + 1)
    await _append(log, deck, [(deck.id, deck.version)], [event])
    deck.version += 1


async def _append(
    log: PostgresEventLog, deck: Deck, writes: Sequence[tuple[UUID, int]], events: Sequence[Any]
) -> None:
    outcome = await log.append(request(deck.id, writes, [(0, e) for e in events]))
    assert isinstance(outcome, Appended)


@asynccontextmanager
async def two_decks(settings: Settings) -> AsyncIterator[tuple[PostgresEventLog, Deck, Deck]]:
    """An archived deck of 15 events between events of another, which stays."""
    async with opened(settings) as log:
        stays, goes = Deck(), Deck()
        await write(log, stays, archived=False, edits=1)
        await write(log, goes)
        await _append(log, stays, [(stays.id, 2)], [renamed(stays.id, 3)])
        stays.version = 3
        yield log, goes, stays


def rows(settings: Settings) -> list[Any]:
    """Every row of the log, whole."""
    with psycopg.connect(settings.dsn) as connection:
        return connection.execute(
            "select s.*, metadata::text from stored_events s order by notification_id"
        ).fetchall()


def value(settings: Settings, query: str, *values: object) -> Any:
    with psycopg.connect(settings.dsn, autocommit=True, options=TAMPERING) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def remove(path: Path) -> None:
    path.unlink()


def put(path: Path, content: str) -> None:
    path.write_text(content)


def folder(path: Path) -> list[str]:
    """The names of what lies beside a file, and it."""
    return sorted(p.name for p in path.parent.iterdir())
