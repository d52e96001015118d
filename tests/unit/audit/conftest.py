"""A log in memory, and what can be done to one."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import pytest

from infra.audit.rows import LENGTH, PREFIX, RawRow
from infra.audit.source import Span

STREAMS = 3
VERSIONS = 6


@dataclass(frozen=True)
class MemoryLog:
    """Implements `Source`; spans count rows."""

    stored: tuple[RawRow, ...]
    gapless: bool = True

    @property
    def whole(self) -> Span:
        return 0, len(self.stored)

    def estimate(self) -> int:
        return len(self.stored)

    def rows(self, span: Span) -> Iterator[RawRow]:
        yield from self.stored[slice(*span)]


def fields(stream: int, version: int, position: int, state: bytes = b"{}") -> bytes:
    """What the hash of an event covers, written out."""
    prefix = PREFIX.pack(
        UUID(int=stream).bytes, version, position, bytes(16), bytes(16), 1_000_000 + position
    )
    topic = b"renamed"
    return b"".join((prefix, LENGTH.pack(len(topic)), topic, LENGTH.pack(len(state)), state, b'{"actor":{}}'))


def chained(events: list[bytes]) -> tuple[RawRow, ...]:
    """Give events their hashes."""
    last: dict[bytes, bytes] = {}
    rows: list[RawRow] = []
    for event in events:
        digest = sha256(last.get(event[:16], b"") + event).digest()
        last[event[:16]] = digest
        rows.append((event, digest))
    return tuple(rows)


def moved(row: RawRow, *, version: int = 0, position: int = 0) -> RawRow:
    """Renumber a row, leaving its hash as it is."""
    event, digest = row
    v, p = struct.unpack_from("!qq", event, 16)
    return event[:16] + struct.pack("!qq", v + version, p + position) + event[32:], digest


@pytest.fixture
def rows() -> list[RawRow]:
    """18 events of 3 streams in turn: position p is version (p-1)//3 + 1 of stream (p-1)%3."""
    return list(chained([fields(i % STREAMS, i // STREAMS + 1, i + 1) for i in range(STREAMS * VERSIONS)]))


@pytest.fixture
def log() -> Callable[[list[RawRow]], MemoryLog]:
    """Makes a log of rows, which it puts in the order of their positions, as the database would."""
    return lambda rows: MemoryLog(tuple(sorted(rows, key=lambda r: struct.unpack_from("!q", r[0], 24)[0])))


@pytest.fixture
def make() -> Callable[..., bytes]:
    return fields


@pytest.fixture
def shift() -> Callable[..., RawRow]:
    return moved
