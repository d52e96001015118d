"""Tombstones: what they look like among raw rows, and what has to be said of them elsewhere in the log.

A tombstone kept the first 72 bytes of its `fields` (see `rows`) and its hash, and says nothing else. Its hash
cannot be recomputed, for what it covered is gone. But the project's stream goes on with an event
`decklog.project.detached`, and that holds how many tombstones there are and one SHA-256 over all of them in
the order of their positions: over each one's SHA-256 of these 72 bytes and its hash. So what the chain
covers of that event, it covers of the tombstones.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from domain.project import ProjectDetached
from domain.tombstone import Tombstone
from infra.audit.findings import Finding
from infra.audit.rows import LENGTH, PREFIX, Event, RawRow

# Whoever reads an event's actor finds one.
METADATA = b'{"actor":{"id":"decklog","kind":"machine"}}'
STATE = b"{}"
_PROJECT = slice(32, 48)


def _sized(text: bytes) -> bytes:
    return LENGTH.pack(len(text)) + text


# What `fields` hold after the prefix.
REST = _sized(Tombstone.TOPIC.encode()) + _sized(STATE) + METADATA
_CLAIM = _sized(ProjectDetached.TOPIC.encode())


def is_tombstone(fields: bytes) -> bool:
    """Tell whether a row is a tombstone, and nothing but one."""
    return fields[PREFIX.size :] == REST


def buried(row: RawRow) -> RawRow:
    """Return the tombstone of a row."""
    fields, digest = row
    return fields[: PREFIX.size] + REST, digest


def leaf(row: RawRow) -> bytes:
    """Return what stands for a tombstone in the hash over all of a project."""
    fields, digest = row
    return sha256(fields[: PREFIX.size] + digest).digest()


def digest_of(leaves: Iterable[bytes]) -> str:
    """Return the hash over a project's tombstones, hexadecimal."""
    done = sha256()
    for each in leaves:
        done.update(each)
    return done.hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """What an event says of the tombstones before it; `position` is its own."""

    project: UUID
    position: int
    events: int
    tombstones: str
    file_sha256: str


def claim(fields: bytes) -> Claim | None:
    """Read what a row says of tombstones; None if it says nothing of any."""
    if not fields.startswith(_CLAIM, PREFIX.size):
        return None
    event = Event.unpack(fields)
    try:
        said: Any = orjson.loads(event.state)
        return Claim(
            UUID(bytes=event.project),
            event.position,
            int(said["events"]),
            str(said["tombstones"]),
            str(said["file_sha256"]),
        )
    except (ValueError, TypeError, LookupError):
        return None


@dataclass(slots=True)
class Graves:
    """The tombstones of a part of the log, by project: (leaves one after the other, the first one's fields)."""

    leaves: dict[bytes, bytearray] = field(default_factory=dict)
    first: dict[bytes, bytes] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)

    def bury(self, row: RawRow) -> None:
        """Take the next tombstone."""
        project = row[0][_PROJECT]
        found = self.leaves.get(project)
        if found is None:
            found = self.leaves[project] = bytearray()
            self.first[project] = row[0][: PREFIX.size]
        found += leaf(row)

    def listen(self, fields: bytes) -> None:
        """Take what a row says of tombstones, if it does."""
        said = claim(fields)
        if said is not None:
            self.claims.append(said)


class Graveyard:
    """The tombstones of the log, part after part, and whether they are those that its events speak of."""

    def __init__(self) -> None:
        self._leaves: dict[bytes, Any] = {}
        self._counts: dict[bytes, int] = {}
        self._first: dict[bytes, bytes] = {}
        self._claims: dict[UUID, Claim] = {}

    def take(self, graves: Graves) -> None:
        """Take the next part."""
        for project, leaves in graves.leaves.items():
            if project not in self._leaves:
                self._leaves[project] = sha256()
                self._first[project] = graves.first[project]
            self._leaves[project].update(leaves)
            self._counts[project] = self._counts.get(project, 0) + len(leaves) // 32
        self._claims.update({c.project: c for c in graves.claims})

    @property
    def events(self) -> int:
        """How many tombstones there are."""
        return sum(self._counts.values())

    def claims(self) -> list[Claim]:
        """Return what is said of the projects that have tombstones."""
        return [self._claims[p] for raw in self._counts if (p := UUID(bytes=raw)) in self._claims]

    def findings(self) -> Iterable[tuple[Finding, int]]:
        """Return what is wrong, and with how many events."""
        for raw, count in self._counts.items():
            project = UUID(bytes=raw)
            stream, version, position, *_ = PREFIX.unpack(self._first[raw])
            place = position, UUID(bytes=stream), version
            said = self._claims.get(project)
            if said is None:
                detail = "the event's content is gone, and nothing in the log says that it was detached"
                yield Finding("changed", detail, *place), count
            elif said.events != count:
                detail = (
                    f"project {project} has {count:,} tombstones from here on, and {said.events:,} events of it"
                    f" were detached (position {said.position})"
                )
                yield Finding("changed", detail, *place), 1
            elif said.tombstones != self._leaves[raw].hexdigest():
                detail = (
                    f"one of the {count:,} tombstones of project {project} is not as it was left"
                    f" (position {said.position}); holding them against its file tells which"
                )
                yield Finding("changed", detail, *place), 1
