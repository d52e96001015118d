"""One project's sockets on this gateway: what has just happened is kept once, and written to all of them.

Each live socket has a position; what comes after it is taken from the room's ring. Sockets that keep up share
one write of the same bytes. One that does not is not written to until its transport has drained, and when the
ring has gone on without it, it is closed and resumes from the log: a slow reader costs no memory of its own.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from infra.http import close_codes
from infra.http.errors import DomainError
from projections.live import LiveItem
from read_api.live.connection import LiveSocket, State
from read_api.live.frames import Message
from read_api.live.ring import Batch, Ring, Shown
from read_api.live.stats import LiveStats

logger = logging.getLogger(__name__)

# Sockets that are written to before others get a turn of the processor: some two milliseconds' worth.
CHUNK = 200
# Seconds between two looks at the members while the log cannot be asked.
RETRY = 0.25
PROJECT = "project"
RESET = b'{"type":"reset"}'
AT, AT_SIZE = b'"at":"', 32

Members = Callable[[UUID], Awaitable[Collection[str]]]


@dataclass(frozen=True, slots=True)
class Note:
    """What is no event, and the socket that need not be told."""

    message: Message
    but: LiveSocket | None = None


class Room:
    """One project's sockets.

    Args:
        floor: every event of the project after this position will be pushed.
        capacity: how many events are kept for readers that are behind.
        compress: bytes from which a message is compressed.
        members: asks the log who has access now.
        catch_up: returns what a socket is to be told that was not told everything while it was behind.
    """

    def __init__(
        self,
        project_id: UUID,
        floor: int,
        stats: LiveStats,
        *,
        capacity: int,
        compress: int,
        members: Members,
    ) -> None:
        self.project_id = project_id
        self.catch_up: Callable[[], Message | None] = lambda: None
        self._ring = Ring(floor, capacity)
        self._stats = stats
        self._compress = compress
        self._members = members
        # Those that still read the past, and those that are live; access of both is minded.
        self._opening: dict[LiveSocket, None] = {}
        self._live: dict[LiveSocket, None] = {}
        self._notes: list[Note] = []
        self._fresh: list[float] = []
        self._dirty = self._check = self._ended = False
        self._flushing: asyncio.Task[None] | None = None

    @property
    def empty(self) -> bool:
        """Whether nobody is here."""
        return not self._live and not self._opening

    @property
    def live(self) -> Collection[LiveSocket]:
        """The sockets that have been welcomed and have all of the past, in the order in which they came."""
        return self._live.keys()

    @property
    def floor(self) -> int:
        """The position after which every event of the project is here, or is still to come."""
        return self._ring.floor

    def enter(self, socket: LiveSocket) -> None:
        """Let a socket in that has to read the past first."""
        self._opening[socket] = None

    def join(self, socket: LiveSocket, complete: int) -> bool:
        """Make a socket live that has every event up to `complete`; False: the ring has gone on, read again."""
        if complete < self.floor:
            return False
        socket.position = complete
        socket.state = State.LIVE
        self._opening.pop(socket, None)
        self._live[socket] = None
        self._mark()
        return True

    def leave(self, socket: LiveSocket) -> bool:
        """Let a socket out; tell whether it was live."""
        self._opening.pop(socket, None)
        live = socket in self._live
        self._live.pop(socket, None)
        return live

    def push(self, item: LiveItem) -> None:
        """Take the project's next event."""
        self._ring.push(Shown.of(item, self._compress))
        if item.kind == PROJECT:
            self._check = True
        if self._live and (at := _committed(item.message)) is not None:
            self._fresh.append(at)
        self._mark()

    def tell(self, note: bytes) -> None:
        """Tell what is no event to all who are not behind."""
        self.note(Note(Message(note, self._compress)))

    def note(self, note: Note) -> None:
        """As `tell`; who still reads the past is told too, once it was welcomed: there is no order to keep."""
        if self._live or self._opening:
            self._notes.append(note)
            self._mark()

    def end(self) -> None:
        """The log is another one: nothing more of this one is to be told."""
        self._ended = True
        reset = Message(RESET, self._compress).plain
        for socket in [*self._live, *self._opening]:
            socket.write(reset)
            socket.close(close_codes.NEW_EPOCH)

    def resumed(self, socket: LiveSocket) -> None:
        """A socket that was behind can be written to again."""
        if socket.state is not State.LIVE:
            return
        if socket.missed:
            socket.missed = False
            if (message := self.catch_up()) is not None:
                socket.write(message.wire(deflate=socket.deflate))
        if socket.position < self._ring.last:
            self._mark()

    def _mark(self) -> None:
        self._dirty = True
        if self._flushing is None and not self._ended:
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._dirty and not self._ended:
                self._dirty = False
                if self._check:
                    await self._keep_members()
                fresh, self._fresh = self._fresh, []
                if await self._write_events() and not self._dirty:
                    self._ring.settle()
                now = time.time()
                for at in fresh:
                    self._stats.lateness.observe(max(0.0, now - at))
                if self._notes:
                    notes, self._notes = self._notes, []
                    await self._write_notes(notes)
        except Exception:
            # They come back, and read on from where they were.
            logger.exception("events could not be written")
            for socket in [*self._live, *self._opening]:
                socket.close(close_codes.BROKEN)
        finally:
            self._flushing = None

    async def _write_events(self) -> bool:
        """Write to each live socket what it has not got; tell whether all have all of it."""
        sockets = list(self._live)
        if len(sockets) <= CHUNK:
            return self._write_events_to(sockets, {})
        batches: dict[int, Batch] = {}
        newest, all_there = -1, True
        for n in range(0, len(sockets), CHUNK):
            if self._check:
                # What has come since may be a revocation: first it is asked who may see it.
                return False
            if self._ring.last != newest:
                # What came meanwhile: those whose turn is still to come get it by the same write.
                newest = self._ring.last
                batches.clear()
            all_there &= self._write_events_to(sockets[n : n + CHUNK], batches)
            # Only then are the bytes written, and others have their turn.
            await asyncio.sleep(0)
        return all_there

    def _write_events_to(self, sockets: Sequence[LiveSocket], batches: dict[int, Batch]) -> bool:
        """Write to some; what comes after a position is put together once, for all that are there."""
        # Most of what a gateway does in Python is done here, so that nothing is looked up twice.
        ring, stats, live = self._ring, self._stats, State.LIVE
        newest, messages, size = ring.last, 0, 0
        all_there = True
        at, batch = -1, None
        for socket in sockets:
            position = socket.position
            if position >= newest or socket.state is not live:
                continue
            if position < ring.floor:
                stats.dropped_slow += 1
                socket.close(close_codes.TOO_SLOW.because(f"too slow; resume from position {position}"))
                continue
            if socket.paused:
                all_there = False
                continue
            if position != at or batch is None:
                at, batch = position, batches.get(position)
                if batch is None:
                    batch = batches[position] = ring.after(position)
                if batch.last < newest:
                    self._dirty = True
            wire = batch.compressed if socket.deflate else batch.plain
            socket.transport.write(wire)
            socket.position = batch.last
            messages += batch.count
            size += len(wire)
        stats.messages_out += messages
        stats.bytes_out += size
        return all_there

    async def _write_notes(self, notes: Sequence[Note]) -> None:
        stats = self._stats
        senders = {note.but for note in notes if note.but is not None}
        shared = {
            deflate: b"".join([note.message.wire(deflate=deflate) for note in notes])
            for deflate in (False, True)
        }
        for n, socket in enumerate([*self._live, *self._opening]):
            if n and n % CHUNK == 0:
                await asyncio.sleep(0)
            if not socket.open or not socket.since:
                continue
            if socket.paused:
                socket.missed = True
                stats.coalesced += len(notes)
                continue
            if socket in senders:
                wire = b"".join(
                    [n.message.wire(deflate=socket.deflate) for n in notes if n.but is not socket]
                )
            else:
                wire = shared[socket.deflate]
            socket.write(wire)
            stats.messages_out += len(notes)
            stats.bytes_out += len(wire)

    async def _keep_members(self) -> None:
        """Before an event of the project itself is shown: it may be somebody's revocation."""
        while self._check and not self._ended:
            self._check = False
            try:
                members = await self._members(self.project_id)
            except (DomainError, psycopg.Error):
                # Nobody is shown anything until it is known who may see it.
                self._check = True
                await asyncio.sleep(RETRY)
                continue
            for socket in [*self._live, *self._opening]:
                if socket.user not in members:
                    self._expel(socket)

    def _expel(self, socket: LiveSocket) -> None:
        """Close a socket that may see nothing more; what happened before is still for it to see."""
        if socket.state is State.LIVE and not socket.paused and socket.position >= self.floor:
            batch = self._ring.before_revocation(socket.position, socket.user)
            if batch is not None:
                socket.write(batch.wire(deflate=socket.deflate))
        socket.close(close_codes.NO_ACCESS)


def _committed(message: bytes) -> float | None:
    """Return when an event was committed, from its message: in JSON this is a key and never somebody's text."""
    begin = message.find(AT)
    if begin < 0:
        return None
    begin += len(AT)
    end = message.find(b'"', begin, begin + AT_SIZE)
    try:
        return datetime.fromisoformat(message[begin:end].decode()).timestamp()
    except ValueError:
        return None
