"""The rooms of this gateway, and how they hang together with the hub and with other gateways."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.http import close_codes
from infra.http.close_codes import Close
from infra.redis.presence import PresenceShare
from infra.settings import Settings
from read_api.live.audience import Audience
from read_api.live.connection import LiveSocket, State
from read_api.live.ring import Batch
from read_api.live.room import Room
from read_api.live.stats import LiveStats
from read_api.side import Reading


class Rooms:
    """A room for each project that has sockets here, in one epoch of the log."""

    def __init__(self, settings: Settings, reading: Reading, stats: LiveStats) -> None:
        self._settings = settings
        self._reading = reading
        self._stats = stats
        self._rooms: dict[UUID, tuple[Room, Audience]] = {}
        self.share = PresenceShare(settings, reading.side.keys(reading.epoch), self)

    def __len__(self) -> int:
        return len(self._rooms)

    def enter(self, socket: LiveSocket) -> Room:
        """Let a socket into its project's room."""
        assert socket.project_id is not None  # noqa: S101 - it was let in
        known = self._rooms.get(socket.project_id)
        room = known[0] if known else self._make(socket.project_id)
        room.enter(socket)
        return room

    def _make(self, project_id: UUID) -> Room:
        hub, compress = self._reading.hub, self._settings.ws_compress_min_bytes
        room = Room(
            project_id,
            hub.position(self._reading.partition(project_id)),
            self._stats,
            capacity=self._settings.live_queue_max,
            compress=compress,
            members=self._reading.side.rights.fresh_members,
        )
        audience = Audience(room, self._stats, compress, changed=self._changed, moved=self._moved)
        self._rooms[project_id] = (room, audience)
        hub.listen(project_id, room)
        self.share.opened(project_id)
        return room

    def joined(self, socket: LiveSocket) -> None:
        """A socket is live."""
        if (audience := self._audience(socket)) is not None:
            audience.came(socket)

    def settle(self, socket: LiveSocket) -> None:
        """A socket has stayed for a while, or done something: that is a session."""
        if not socket.settled and (audience := self._audience(socket)) is not None:
            socket.settled = True
            if socket.state is State.LIVE:
                audience.settled()

    def moved(self, socket: LiveSocket, kind: str, message: dict[str, Any]) -> None:
        """Take a client's cursor or selection.

        Raises:
            Ended: it is none.
        """
        if (audience := self._audience(socket)) is not None:
            audience.says(socket, kind, message)
            self.settle(socket)

    def write_past(self, socket: LiveSocket, batch: Batch) -> None:
        """Write events of the past to one socket."""
        wire = batch.wire(deflate=socket.deflate)
        socket.write(wire)
        self._stats.messages_out += batch.count
        self._stats.bytes_out += len(wire)

    def resumed(self, socket: LiveSocket) -> None:
        """A socket that was behind can be written to again."""
        if socket.project_id is not None and (known := self._rooms.get(socket.project_id)) is not None:
            known[0].resumed(socket)

    def leave(self, socket: LiveSocket, close: Close | None) -> None:
        """Let a socket out of its room; `close` is how it was told to go, None if it went."""
        if socket.project_id is None or (known := self._rooms.get(socket.project_id)) is None:
            return
        room, audience = known
        if room.leave(socket):
            revoked = close is not None and close.code == close_codes.NO_ACCESS.code
            audience.went(socket, "revoked" if revoked else None)
        if room.empty:
            del self._rooms[socket.project_id]
            audience.close()
            self._reading.hub.stop_listening(socket.project_id, room)
            self.share.closed(socket.project_id, audience.entry())

    def close(self) -> None:
        """The log is another one: all sockets are told, and go."""
        for room, audience in list(self._rooms.values()):
            audience.close()
            room.end()

    def _audience(self, socket: LiveSocket) -> Audience | None:
        known = self._rooms.get(socket.project_id) if socket.project_id is not None else None
        return known[1] if known else None

    # What is shared with other gateways.

    def _changed(self, room: Room) -> None:
        self.share.changed(room.project_id)

    def _moved(self, room: Room, messages: Sequence[bytes]) -> None:
        self.share.moved(room.project_id, messages)

    def entry(self, project_id: UUID) -> bytes | None:
        """Say who is in a project here; None: there is no room."""
        known = self._rooms.get(project_id)
        return known[1].entry() if known else None

    def hear(self, project_id: UUID, gateway: str, entry: dict[str, Any]) -> None:
        """Take what another gateway says of who is in a project there."""
        if (known := self._rooms.get(project_id)) is not None:
            known[1].hear(gateway, entry)

    def hear_cursors(self, project_id: UUID, messages: Sequence[bytes]) -> None:
        """Take what moved on another gateway."""
        if (known := self._rooms.get(project_id)) is not None:
            known[1].hear_cursors(messages)

    def expire(self, project_id: UUID) -> None:
        """Forget gateways that have been silent."""
        if (known := self._rooms.get(project_id)) is not None:
            known[1].expire()
