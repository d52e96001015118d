"""What commands need from outside, as protocols."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.documents import Deck
from domain.events import Event, Recorded
from domain.records import record

NO_STREAM = 0
ANY_VERSION = -1
STREAM_EXISTS = -2

# Events in one chunk of a long read.
CHUNK = 1_000


@record
class StreamWrite:
    """A stream that a request writes to, and the version it must have.

    `expected` is a number, or `NO_STREAM`, `ANY_VERSION`, `STREAM_EXISTS`.
    """

    stream_id: UUID
    project_id: UUID
    expected: int


@record
class EventWrite:
    """One event, the index of its stream in the request's `writes`, and the command behind it."""

    write: int
    event: Event
    command_id: UUID


@record
class Append:
    """All that one request writes, atomically, with the answer to be given again to a repeat.

    `events` stand in the order in which they happened, over all streams.

    `body` is the answer with positions counted from this request's first event minus one (`base`); where
    nothing is written the positions in it are absolute. `guards` are (project, n) pairs: no structural
    event of the project may stand after position n.
    """

    caller: str
    command_id: UUID
    request_hash: bytes
    status: int
    body: bytes
    metadata: Mapping[str, Any]
    writes: Sequence[StreamWrite] = ()
    events: Sequence[EventWrite] = ()
    guards: Sequence[tuple[UUID, int]] = ()
    # Whether a repeat can come: an id that the server made is not kept for one, unless no version is expected,
    # for then nothing else tells that it was written when the log's answer is lost.
    keyed: bool = True


@record
class Appended:
    """The request is durable; its first event has position `base` + 1."""

    base: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """The command id was used before: this is what was answered then."""

    request_hash: bytes
    status: int
    base: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A stream had another version, `actual` (0: it does not exist), and nothing was written."""

    stream_id: UUID
    actual: int


@dataclass(frozen=True, slots=True)
class StructureChanged:
    """A structural event of a guarded project came in between, and nothing was written."""


AppendOutcome = Appended | Replayed | Mismatch | StructureChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events to read; all that is said has to hold, and nothing said means the whole log.

    `after` (not included) and `to` (included) are versions where a stream is named, positions otherwise;
    `positions` are positions in any case, the first not included, the second included. `actor` is the id of
    who did it.
    `until` is the instant as of which to read: what was recorded later is left out. Events come in the
    order of versions or positions, the latest first if `descending`.
    """

    stream_id: UUID | None = None
    project_id: UUID | None = None
    topics: Sequence[str] = ()
    actor: str | None = None
    after: int = 0
    to: int | None = None
    positions: tuple[int, int] | None = None
    until: datetime | None = None
    descending: bool = False


class EventLog(Protocol):
    """The log of events, as commands use it."""

    async def append(self, request: Append) -> AppendOutcome:
        """Write all of it or nothing.

        Raises:
            Unavailable: the queue is full or the database is away.
        """
        ...

    async def stream(self, stream_id: UUID, after_version: int = 0) -> Sequence[Recorded]:
        """Read a stream's events after a version, oldest first."""
        ...

    async def read(self, query: EventQuery, limit: int | None = None) -> Sequence[Recorded]:
        """Read the events of a query, at most `limit` of them."""
        ...

    def chunks(self, query: EventQuery, size: int = CHUNK) -> AsyncIterator[Sequence[Recorded]]:
        """Read the events of a query, at most `size` at a time; between chunks nothing is held open.

        Events appended meanwhile may come too, in order.
        """
        ...

    async def structure(self, project_id: UUID, after: int) -> tuple[Sequence[Recorded], int]:
        """Read a project's structural events after a position, and the position they are complete up to."""
        ...

    async def answered(self, caller: str, command_id: UUID) -> Replayed | None:
        """Look up what a command id of this caller was answered."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An aggregate as it was at a version of its stream.

    `schema` is the version of the form of `state`, `position` that of the last event in it.
    """

    stream_id: UUID
    version: int
    kind: str
    schema: int
    position: int
    state: Mapping[str, Any]


class Snapshots(Protocol):
    """Where snapshots are kept. They only save reading: any may be missing at any time."""

    def offer(self, snapshot: Snapshot) -> None:
        """Have a snapshot written later, or dropped if there is too much to do; it never waits or fails."""
        ...

    async def latest(self, stream_id: UUID) -> Sequence[Snapshot]:
        """Return the snapshots of a stream that fit the log, the newest first."""
        ...


class Decks(Protocol):
    """Whole projects as they were at any position of the log."""

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return a project as of a position (None: now); None if it did not exist then. It is the caller's own."""
        ...

    async def position_at(self, project_id: UUID, instant: datetime) -> int:
        """Return the position of the project's last event recorded up to an instant; 0 if there is none."""
        ...


class Clock(Protocol):
    """Monotonic seconds: for ages, never for what is recorded."""

    def __call__(self) -> float:
        """Return seconds since some fixed moment."""
        ...


@record
class Caller:
    """Who posts a command: `user` is the token's `sub`; kind is `person` or `machine`.

    `name` and `email` are personal: the log seals them (`domain.personal`).
    """

    user: str
    kind: str = "person"
    tier: str = "free"
    scopes: frozenset[str] = frozenset()
    trace: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    email: str | None = None
    # The job on whose behalf a machine acts: what it does can be undone as a whole.
    job_id: UUID | None = None
    # The user whose rights a machine's commands are judged by, where they are another's than its own.
    on_behalf_of: str | None = None
