import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.feed import Entry, Feed

CHUNK = 3


@dataclass(frozen=True)
class Item:
    position: int


class Broken(Exception):
    """What a delivery or a read of the log fails with here."""


@dataclass
class Partition:
    """A log of which some positions are the partition's, the stream of it, and who takes what is delivered."""

    mine: list[bool] = field(default_factory=list)
    published: list[Entry[Item]] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    reached: int = 0
    # How many deliveries or reads go well before the next one fails.
    failing: list[int] = field(default_factory=list)
    filled: int = 0

    @property
    def head(self) -> int:
        return len(self.mine)

    def positions(self, after: int, to: int) -> list[int]:
        return [p for p in range(after + 1, to + 1) if self.mine[p - 1]]

    def _previous(self, position: int) -> int:
        return max(self.positions(0, position - 1), default=0)

    def grow(self, events: str) -> None:
        """Take events into the log: `x` is one of the partition's, `.` one of another."""
        for event in events:
            self.mine.append(event == "x")
            if event == "x":
                self.published.append(Entry(self.head, self._previous(self.head), Item(self.head)))

    def beat(self) -> None:
        self.published.append(Entry(self.head, self._previous(self.head + 1), None))

    async def fill(self, after: int, to: int) -> tuple[Sequence[Item], int]:
        await asyncio.sleep(0)
        self._fail()
        assert after < to <= self.head
        self.filled += 1
        reached = min(after + CHUNK, to)
        return [Item(p) for p in self.positions(after, reached)], reached

    async def deliver(self, items: Sequence[Item], reached: int) -> None:
        await asyncio.sleep(0)
        self._fail()
        taken = [i.position for i in items]
        assert self.reached < reached <= self.head
        assert taken == self.positions(self.reached, reached)
        self.delivered += taken
        self.reached = reached

    def _fail(self) -> None:
        if self.failing:
            self.failing[0] -= 1
            if self.failing[0] < 0:
                self.failing.pop(0)
                raise Broken


@pytest.fixture
def partition() -> Partition:
    return Partition()


def feed_of(partition: Partition) -> Feed[Item]:
    return Feed(0, partition.fill, partition.deliver)


async def test_what_the_stream_brings_is_delivered_without_asking_the_log(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("x.xx")

    await feed.take(partition.published)

    assert (partition.delivered, partition.reached, partition.filled) == ([1, 3, 4], 4, 0)
    assert feed.position == 4


async def test_what_the_stream_has_lost_is_read_from_the_log(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("x.xxx")

    await feed.take([partition.published[0], partition.published[3]])

    assert (partition.delivered, partition.reached) == ([1, 3, 4, 5], 5)
    assert partition.filled == 1


async def test_a_heartbeat_moves_the_position_of_a_quiet_partition(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("x..")
    partition.beat()

    await feed.take(partition.published)

    assert (partition.delivered, partition.reached, partition.filled) == ([1], 3, 0)


async def test_a_heartbeat_after_a_loss_makes_it_good(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("x.x..")
    partition.beat()

    await feed.take(partition.published[-1:])

    assert (partition.delivered, partition.reached) == ([1, 3], 5)


async def test_what_was_delivered_is_not_delivered_again(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("xx")

    await feed.take(partition.published)
    await feed.take(partition.published)
    await feed.take([*partition.published, *partition.published])

    assert partition.delivered == [1, 2]


async def test_what_could_not_be_delivered_comes_again(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("xx")
    partition.failing = [0]
    with pytest.raises(Broken):
        await feed.take(partition.published)
    assert (feed.position, partition.delivered) == (0, [])
    partition.grow("x")

    await feed.take(partition.published[-1:])

    assert partition.delivered == [1, 2, 3]


async def test_catching_up_reads_the_log_in_chunks(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("x.x.x.x.")

    await feed.catch_up(8)
    await feed.catch_up(8)

    assert (partition.delivered, partition.reached, partition.filled) == ([1, 3, 5, 7], 8, 3)


async def test_a_feed_starts_after_its_position(partition: Partition) -> None:
    partition.grow("xx.x")
    partition.reached = 2
    feed = Feed(2, partition.fill, partition.deliver)

    await feed.take(partition.published)

    assert partition.delivered == [4]


async def test_stream_and_log_do_not_deliver_at_the_same_time(partition: Partition) -> None:
    feed = feed_of(partition)
    partition.grow("xxxxxxxxxx")

    await asyncio.gather(
        feed.take(partition.published[5:]),
        feed.catch_up(7),
        feed.take(partition.published),
        feed.catch_up(10),
    )

    assert partition.delivered == list(range(1, 11))


happenings = st.one_of(
    st.tuples(st.just("grow"), st.text("x.", min_size=1, max_size=5)),
    st.tuples(st.just("beat"), st.none()),
    # Entries of the stream by their numbers: left out, repeated, or in any order, as it comes.
    st.tuples(st.just("take"), st.lists(st.integers(0, 40), max_size=8)),
    st.tuples(st.just("take the latest"), st.integers(1, 6)),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("catch up"), st.none()),
    st.tuples(st.just("all at once"), st.lists(st.integers(0, 40), max_size=8)),
)


def chosen(partition: Partition, numbers: Sequence[int]) -> list[Entry[Item]]:
    return [partition.published[n % len(partition.published)] for n in numbers if partition.published]


async def happen(feed: Feed[Item], partition: Partition, what: str, with_: object) -> None:
    match what, with_:
        case "grow", str(events):
            partition.grow(events)
        case "beat", _:
            partition.beat()
        case "take", list(numbers):
            await feed.take(chosen(partition, numbers))
        case "take the latest", int(count):
            await feed.take(partition.published[-count:])
        case "fail", int(count):
            partition.failing.append(count)
        case "catch up", _:
            await feed.catch_up(partition.head)
        case "all at once", list(numbers):
            half = len(numbers) // 2
            results = await asyncio.gather(
                feed.take(chosen(partition, numbers[:half])),
                feed.catch_up(partition.head),
                feed.take(chosen(partition, numbers[half:])),
                return_exceptions=True,
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result


@settings(deadline=None, max_examples=200)
@given(st.lists(happenings, min_size=8, max_size=30))
async def test_whatever_the_stream_does_each_event_is_delivered_once_and_in_order(
    taken: list[tuple[str, object]],
) -> None:
    partition = Partition()
    feed = feed_of(partition)

    for what, with_ in taken:
        try:
            await happen(feed, partition, what, with_)
        except Broken:
            pass
        else:
            if what == "catch up":
                assert feed.position == partition.head
        assert feed.position == partition.reached
        assert partition.delivered == partition.positions(0, partition.reached)

    partition.failing = []
    partition.beat()
    await feed.take(partition.published[-1:])
    assert partition.delivered == partition.positions(0, partition.head)
    assert feed.position == partition.head
