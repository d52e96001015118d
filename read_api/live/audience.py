"""What those in a project see of each other: who is here, and where. Told at a pace, never stored."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from infra.http import close_codes
from infra.http.sockets import Ended
from read_api.live.connection import LiveSocket, State
from read_api.live.frames import Message
from read_api.live.here import LISTED, Here
from read_api.live.room import Note, Room
from read_api.live.stats import LiveStats

# Seconds between two tellings of cursors: 20 Hz, and slower where more messages a second would come of it.
CURSORS_EVERY, CURSORS_MAX = 0.05, 20_000
# Seconds between two tellings of who is here, and people told of so many in one of them (everybody is told of
# everybody): where it is more, it is told less often, but not less than that. A full room that opens at once would
# otherwise be busy with nothing else.
PRESENCE_EVERY, PRESENCE_PEOPLE, PRESENCE_SLOWEST = 0.05, 200, 5.0
# What clients may say of a cursor or a selection.
TEXT_LIMIT, LISTED_LIMIT, NUMBER_LIMIT = 64, 100, 1e9
TEXTS = frozenset({"block_id", "field"})
INTEGERS = frozenset({"offset", "start", "end"})
NUMBERS = frozenset({"x", "y"})


def placed(message: dict[str, Any]) -> dict[str, Any]:
    """Check what a client says of its cursor or selection, and return what is passed on.

    Raises:
        Ended: a field is of another type, or too long.
    """
    found: dict[str, Any] = {"block_id": None}
    for name, value in message.items():
        if name in TEXTS:
            fits = value is None or _is_text(value)
        elif name in INTEGERS:
            fits = type(value) is int and abs(value) < NUMBER_LIMIT
        elif name in NUMBERS:
            fits = type(value) in {int, float} and abs(value) < NUMBER_LIMIT
        elif name == "block_ids":
            fits = isinstance(value, list) and len(value) <= LISTED_LIMIT and all(map(_is_text, value))
        else:
            continue
        if not fits:
            raise Ended(close_codes.BAD_MESSAGE.because(f"`{name}` is not what it may be"))
        found[name] = value
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_LIMIT


class Audience:
    """Those in one room, and those that other gateways have in the same project.

    Args:
        changed: told when other gateways are to hear who is here now.
        moved: told, with messages for sockets of other gateways, when somebody here moved.
    """

    def __init__(
        self,
        room: Room,
        stats: LiveStats,
        compress: int,
        *,
        changed: Callable[[Room], None],
        moved: Callable[[Room, Sequence[bytes]], None],
    ) -> None:
        self._room = room
        self._stats = stats
        self._compress = compress
        self._changed = changed
        self._moved = moved
        self._here = Here()
        self._pending: dict[LiveSocket, set[str]] = {}
        self._cursors_due: asyncio.TimerHandle | None = None
        self._presence_due: asyncio.TimerHandle | None = None
        self._next_cursors = self._next_presence = 0.0
        # Whether all who are here know that nobody else is.
        self._alone = True
        room.catch_up = self._presence

    def entry(self) -> bytes:
        """Say who is here, for other gateways."""
        return self._here.entry(self._room.live, time.monotonic())

    def came(self, socket: LiveSocket) -> None:
        """Somebody came, and may have said before where."""
        said = {kind for kind, place in (("cursor", socket.cursor), ("selection", socket.selection)) if place}
        if said:
            self._pending[socket] = said
            self._cursors_soon()
        self._changed(self._room)
        self._presence_soon()

    def settled(self) -> None:
        """Somebody has stayed; only who keeps sessions wants to know."""
        self._changed(self._room)

    def went(self, socket: LiveSocket, reason: str | None) -> None:
        """Somebody went, or had to for a reason that is to be told."""
        self._pending.pop(socket, None)
        if reason is not None:
            self._here.left(socket, reason, time.monotonic())
        self._changed(self._room)
        self._presence_soon()

    def says(self, socket: LiveSocket, kind: str, message: dict[str, Any]) -> None:
        """Take a cursor or a selection.

        Raises:
            Ended: it is none.
        """
        place = placed(message)
        if kind == "cursor":
            socket.cursor = place
        else:
            socket.selection = place
        if socket.state is not State.LIVE:
            # It is told when the socket is live.
            return
        said = self._pending.get(socket)
        if said is not None:
            self._stats.coalesced += 1
            said.add(kind)
            return
        self._pending[socket] = {kind}
        self._cursors_soon()

    def hear(self, gateway: str, entry: dict[str, Any]) -> None:
        """Take what another gateway says of who is there."""
        if self._here.hear(gateway, entry, time.monotonic()):
            self._presence_soon()

    def hear_cursors(self, messages: Sequence[bytes]) -> None:
        """Take what moved on another gateway."""
        for message in messages:
            self._room.tell(message)

    def expire(self) -> None:
        """Forget what gateways said that are silent since."""
        if self._here.expire(time.monotonic()):
            self._presence_soon()

    def close(self) -> None:
        """Nobody is here any more."""
        for due in (self._cursors_due, self._presence_due):
            if due is not None:
                due.cancel()

    def _cursors_soon(self) -> None:
        if self._cursors_due is None:
            loop = asyncio.get_running_loop()
            self._cursors_due = loop.call_at(max(loop.time(), self._next_cursors), self._tell_cursors)

    def _tell_cursors(self) -> None:
        self._cursors_due = None
        pending, self._pending = self._pending, {}
        messages: list[bytes] = []
        for socket, kinds in pending.items():
            told: dict[str, Any] = {"type": "cursor", "session": str(socket.session), "user": socket.user}
            for kind in sorted(kinds):
                told[kind] = place = socket.cursor if kind == "cursor" else socket.selection
                told["block_id"] = place["block_id"] if place else None
            message = orjson.dumps(told)
            messages.append(message)
            self._room.note(Note(Message(message, self._compress), socket))
        busy = len(messages) * len(self._room.live) / CURSORS_MAX
        self._next_cursors = asyncio.get_running_loop().time() + max(CURSORS_EVERY, busy)
        if messages:
            self._moved(self._room, messages)

    def _presence_soon(self) -> None:
        if self._presence_due is None:
            loop = asyncio.get_running_loop()
            self._presence_due = loop.call_at(max(loop.time(), self._next_presence), self._tell_presence)

    def _tell_presence(self) -> None:
        self._presence_due = None
        sockets = len(self._room.live)
        people = min(LISTED, sockets + self._here.elsewhere) * sockets
        pace = PRESENCE_EVERY * max(1.0, people / PRESENCE_PEOPLE)
        self._next_presence = asyncio.get_running_loop().time() + min(pace, PRESENCE_SLOWEST)
        alone = sockets + self._here.elsewhere <= 1
        if not (alone and self._alone):
            self._room.note(Note(self._presence()))
        self._alone = alone

    def _presence(self) -> Message:
        return Message(self._here.message(self._room.live), self._compress)
