"""A room, driven at random: whatever comes when, each socket gets each event after its position once, in order."""

import asyncio
import random
from collections.abc import Collection
from uuid import UUID

import pytest
from wires import PROJECT, Desk, Wire, frames, item, positions, socket_of

from infra.http.errors import Unavailable
from read_api.live.connection import LiveSocket
from read_api.live.frames import Message
from read_api.live.room import CHUNK, Note, Room
from read_api.live.stats import LiveStats


class Place:
    """A room, and who has access to its project."""

    def __init__(self, floor: int = 0, capacity: int = 1_000) -> None:
        self.members: set[str] = {"ada", "grace"}
        self.away = 0
        self.asked = asyncio.Event()
        self.desk = Desk()
        self.stats = LiveStats()
        self.room = Room(PROJECT, floor, self.stats, capacity=capacity, compress=1_024, members=self._members)
        self.desk.room = self.room

    async def _members(self, _: UUID) -> Collection[str]:
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            self.asked.set()
            raise Unavailable("the log is away")
        return set(self.members)

    def joined(self, at: int, user: str = "ada") -> tuple[LiveSocket, Wire]:
        socket, wire = socket_of(self.desk, user)
        socket.position = at
        self.room.enter(socket)
        assert self.room.join(socket, at)
        return socket, wire

    async def settled(self) -> None:
        """Wait until all is written."""
        while (flushing := self.room._flushing) is not None:
            await flushing


def someone(place: Place, picked: random.Random, position: int) -> list[tuple[LiveSocket, Wire, int]]:
    """Let somebody in who has read the log up to now, or has only seen what was long ago."""
    after = picked.choice([position, position, picked.randint(0, position + 5)])
    socket, wire = socket_of(place.desk)
    socket.position = after
    place.room.enter(socket)
    return [(socket, wire, after)] if place.room.join(socket, after) else []


@pytest.mark.parametrize("seed", range(20))
async def test_nobody_misses_or_repeats_an_event(seed: int) -> None:
    picked = random.Random(seed)  # noqa: S311 - the same choices in every run
    place = Place(floor=10, capacity=picked.choice([5, 20, 1_000]))
    log: list[int] = []
    readers: list[tuple[LiveSocket, Wire, int]] = []
    for position in range(11, 400):
        if picked.random() < 0.6:
            log.append(position)
            place.room.push(item(position))
        for socket, _, _ in readers:
            if picked.random() < 0.1:
                socket.resume_writing() if socket.paused else socket.pause_writing()
        if picked.random() < 0.1:
            readers += someone(place, picked, position)
        if picked.random() < 0.3:
            await asyncio.sleep(0)
    for socket, _, _ in readers:
        if socket.paused:
            socket.resume_writing()
    await place.settled()
    assert readers
    for socket, wire, after in readers:
        got = positions(wire)
        wanted = [p for p in log if p > after]
        assert got == (wanted if socket.open else wanted[: len(got)])
        reason = place.desk.closed[socket].reason if not socket.open else ""
        assert socket.open or reason == f"too slow; resume from position {got[-1] if got else after}"


async def test_the_ring_is_bounded_and_the_slow_reader_resumes_where_it_was() -> None:
    place = Place(capacity=10)
    (slow, slow_wire), (quick, quick_wire) = place.joined(0), place.joined(0)
    place.room.push(item(1))
    await place.settled()
    slow.pause_writing()
    for position in range(2, 30):
        place.room.push(item(position))
        await place.settled()
    assert place.desk.closed[slow].code == 1013
    assert place.desk.closed[slow].reason == "too slow; resume from position 1"
    assert (positions(slow_wire), place.stats.dropped_slow) == ([1], 1)
    assert positions(quick_wire) == list(range(1, 30))
    assert quick.open
    assert place.room.floor == 19


async def test_what_somebody_missed_that_is_no_event_is_left_out_and_made_up_for() -> None:
    place = Place()
    place.room.catch_up = lambda: Message(b'{"type":"presence"}', 1_024)
    (slow, slow_wire), (_, quick_wire) = place.joined(0), place.joined(0)
    slow.pause_writing()
    for n in range(500):
        place.room.tell(b'{"type":"job","done":%d}' % n)
    await place.settled()
    assert len(frames(quick_wire.written)) == 500
    assert (slow_wire.written, place.stats.coalesced) == (b"", 500)
    slow.resume_writing()
    assert frames(slow_wire.written) == [(0x81, b'{"type":"presence"}')]


async def test_who_moved_is_not_told_of_it() -> None:
    place = Place()
    (mover, mover_wire), (_, other_wire) = place.joined(0), place.joined(0)
    place.room.note(Note(Message(b'{"type":"cursor"}', 1_024), mover))
    place.room.tell(b'{"type":"job"}')
    await place.settled()
    assert [p for _, p in frames(mover_wire.written)] == [b'{"type":"job"}']
    assert [p for _, p in frames(other_wire.written)] == [b'{"type":"cursor"}', b'{"type":"job"}']


async def test_a_revoked_member_sees_what_was_before_and_nothing_after() -> None:
    place = Place()
    (_, mine), (hers, her_wire) = place.joined(0), place.joined(0, "grace")
    opening, opening_wire = socket_of(place.desk, "grace")
    place.room.enter(opening)
    place.members.discard("grace")
    place.room.push(item(1))
    place.room.push(item(2, "project", "access-revoked", user="grace"))
    place.room.push(item(3))
    await place.settled()
    assert positions(her_wire) == [1]
    assert positions(mine) == [1, 2, 3]
    assert place.desk.closed[hers].code == place.desk.closed[opening].code == 4403
    assert positions(opening_wire) == []


async def test_a_member_revoked_in_the_middle_of_a_round_sees_nothing_after() -> None:
    """A large room is written to in turns: what came meanwhile goes out with the rest, but no revocation does."""
    place = Place()
    crowd = [place.joined(0) for _ in range(2 * CHUNK)]
    hers, her_wire = place.joined(0, "grace")
    place.room.push(item(1))
    await asyncio.sleep(0)
    assert positions(crowd[0][1])
    assert not positions(her_wire)
    place.members.discard("grace")
    place.room.push(item(2, "project", "access-revoked", user="grace"))
    place.room.push(item(3))
    await place.settled()
    assert positions(her_wire) in ([], [1])
    assert place.desk.closed[hers].code == 4403
    assert all(positions(wire) == [1, 2, 3] for _, wire in crowd)


async def test_what_came_in_the_middle_of_a_round_goes_out_in_the_same_writes() -> None:
    place = Place()
    first, last = [[place.joined(0)[1] for _ in range(CHUNK)] for _ in range(2)]
    place.room.push(item(1))
    await asyncio.sleep(0)
    assert positions(first[0])
    place.room.push(item(2))
    await place.settled()
    assert all(positions(wire) == [1, 2] for wire in [*first, *last])
    assert {wire.writes for wire in first} == {2}
    assert {wire.writes for wire in last} == {1}


async def test_while_nobody_knows_who_may_see_it_nothing_is_shown() -> None:
    place = Place()
    _, wire = place.joined(0)
    place.away = 1
    place.room.push(item(1, "project", "access-granted", user="eve", role="viewer"))
    place.room.push(item(2))
    await asyncio.wait_for(place.asked.wait(), 5)
    assert wire.written == b""
    async with asyncio.timeout(5):
        await place.settled()
    assert positions(wire) == [1, 2]


async def test_another_epoch_ends_all_with_a_reset() -> None:
    place = Place()
    socket, wire = place.joined(0)
    place.room.push(item(1))
    place.room.end()
    await place.settled()
    assert frames(wire.written)[0] == (0x81, b'{"type":"reset"}')
    assert place.desk.closed[socket].code == 4409
