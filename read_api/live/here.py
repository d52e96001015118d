"""Who is in a project: the sockets of this gateway, and what other gateways say of theirs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from infra.redis.presence import EXPIRY
from read_api.live.connection import LiveSocket

# So many are listed by one gateway, and in one message; the others are counted.
LISTED = 100
# Seconds that a word about somebody who had to go is kept for the worker that writes it down.
REMEMBERED = 6.0

Person = dict[str, Any]


def person(socket: LiveSocket) -> Person:
    """Describe who is on a socket, for other members of the project."""
    if socket.introduction is None:
        # Once a socket: the others are told again and again.
        since = datetime.fromtimestamp(socket.since, UTC).isoformat(timespec="milliseconds")
        socket.introduction = {"session": str(socket.session), "since": since}
    found: Person = {**socket.introduction, "user": socket.user}
    latest = socket.cursor or socket.selection
    if latest is not None:
        found["block_id"] = latest.get("block_id")
    if socket.cursor is not None:
        found["cursor"] = socket.cursor
    if socket.selection is not None:
        found["selection"] = socket.selection
    return found


@dataclass(slots=True)
class Told:
    """What another gateway said last, and when that was heard (monotonic seconds)."""

    beat: int
    heard: float
    total: int
    here: list[Person]


class Here:
    """Who is in one project."""

    def __init__(self) -> None:
        self._others: dict[str, Told] = {}
        self._beat = 0
        self._gone: list[tuple[str, str, float]] = []

    def left(self, socket: LiveSocket, reason: str, now: float) -> None:
        """Remember for a moment why somebody had to go."""
        self._gone.append((str(socket.session), reason, now))
        self._gone = [g for g in self._gone if now - g[2] < REMEMBERED][-LISTED:]

    def entry(self, sockets: Collection[LiveSocket], now: float) -> bytes:
        """Say who is here by this gateway, for the others and for the worker that keeps sessions."""
        self._beat += 1
        here = [{**person(socket), "settled": socket.settled} for socket in islice(sockets, LISTED)]
        gone = {session: reason for session, reason, at in self._gone if now - at < REMEMBERED}
        return orjson.dumps({"beat": self._beat, "total": len(sockets), "here": here, "gone": gone})

    def hear(self, gateway: str, entry: Mapping[str, Any], now: float) -> bool:
        """Take what another gateway says; tell whether that changes who is here."""
        known = self._others.get(gateway)
        if known is not None and known.beat == entry["beat"]:
            return False
        here = [{k: v for k, v in p.items() if k != "settled"} for p in entry["here"]]
        self._others[gateway] = Told(entry["beat"], now, entry["total"], here)
        return known is None or known.here != here or known.total != entry["total"]

    def expire(self, now: float) -> bool:
        """Forget gateways that say nothing any more; tell whether that changes who is here."""
        silent = [g for g, told in self._others.items() if now - told.heard > EXPIRY]
        totals = [self._others.pop(g).total for g in silent]
        return any(totals)

    def message(self, sockets: Collection[LiveSocket]) -> bytes:
        """Build the `presence` message."""
        here = [person(socket) for socket in islice(sockets, LISTED)]
        for told in self._others.values():
            here += told.here
        here.sort(key=lambda p: str(p["since"]))
        everyone = len(sockets) + self.elsewhere
        return orjson.dumps({"type": "presence", "here": here[:LISTED], "total": everyone})

    @property
    def elsewhere(self) -> int:
        """How many sockets other gateways have in this project."""
        return sum(told.total for told in self._others.values())
