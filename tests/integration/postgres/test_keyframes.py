"""Keyframes make reading shorter, and change nothing of what is read."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from logs import append_all, created, opened
from psycopg_pool import AsyncConnectionPool
from running import eventually, working

from domain.documents import Deck
from infra.postgres.connections import Connection, pool
from infra.postgres.decks import PostgresDecks
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.keyframe_progress import KeyframeProgress
from infra.postgres.keyframes import Keyframes
from infra.settings import Settings
from tests.support.histories import RandomHistory
from workers.keyframing import Keyframer

EVERY = 10


class Bench:
    """One log with keyframes every ten events."""

    def __init__(self, log: PostgresEventLog, connections: AsyncConnectionPool[Connection]) -> None:
        self.log = log
        self.connections = connections
        self.keyframes = Keyframes(connections)
        self.decks = PostgresDecks(connections, log)

    def keyframer(self, every: int = EVERY, step: int = 7) -> Keyframer:
        progress = KeyframeProgress(self.connections, every, step)
        return Keyframer(self.log, self.keyframes, progress, every)

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.connections.connection() as connection:
            cursor = await connection.execute(query.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def kept(self, project: UUID) -> list[int]:
        query = "select position from keyframes where project_id = %s order by 1"
        return [p for (p,) in await self.rows(query, project)]

    async def positions(self, project: UUID) -> list[int]:
        query = "select notification_id from stored_events where project_id = %s order by 1"
        return [p for (p,) in await self.rows(query, project)]

    async def folded(self, project: UUID) -> dict[int, dict[str, Any]]:
        """The deck at each of the project's positions, folded from the log alone."""
        found: dict[int, dict[str, Any]] = {}
        deck = Deck()
        async for chunk in self.log.project_in_chunks(project):
            for recorded in chunk:
                deck.apply(recorded)
                found[recorded.position] = deck.dump()
        return found


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    connections = pool(settings, "keyframes")
    await connections.open()
    async with opened(settings) as log:
        yield Bench(log, connections)
    await connections.close()


async def two_projects(bench: Bench, count: int = 47) -> list[UUID]:
    """Two projects whose events alternate, and one that is short."""
    one, other = RandomHistory(1), RandomHistory(2)
    pairs = zip(one.events(count), other.events(count), strict=True)
    for first, second in pairs:
        await append_all(bench.log, one.project, [first])
        await append_all(bench.log, other.project, [second])
    short = uuid4()
    await append_all(bench.log, short, [created(short)])
    return [one.project, other.project, short]


async def test_decks_are_the_same_with_keyframes_and_without_at_every_position(bench: Bench) -> None:
    projects = await two_projects(bench)
    head, _ = await bench.log.head()
    without = [[await bench.decks.at(p, at) for at in range(head + 2)] for p in projects]

    await bench.keyframer().catch_up()

    for project, plain in zip(projects, without, strict=True):
        folded = await bench.folded(project)
        for at in range(head + 2):
            deck, before = await bench.decks.at(project, at), plain[at]
            last = max((p for p in folded if p <= at), default=None)
            expected = folded[last] if last else None
            assert (deck.dump() if deck else None) == expected
            assert (before.dump() if before else None) == expected


async def test_a_keyframe_is_taken_every_so_many_events_of_a_project(bench: Bench) -> None:
    one, other, short = await two_projects(bench)
    keyframer = bench.keyframer()
    await keyframer.catch_up()

    for project in (one, other):
        assert await bench.kept(project) == (await bench.positions(project))[EVERY - 1 :: EVERY]
    assert await bench.kept(short) == []

    # It goes on where it was: three more events are the fiftieth.
    await append_all(bench.log, one, list(RandomHistory(1).events(60))[47:55])
    await keyframer.catch_up()
    assert await bench.kept(one) == (await bench.positions(one))[EVERY - 1 :: EVERY]
    counts = dict(await bench.rows("select project_id, pending from keyframe_counts"))
    assert counts == {one: 5, other: 7, short: 1}


async def test_what_another_was_stopped_at_is_found_at_the_start(bench: Bench) -> None:
    one, *_ = await two_projects(bench)
    # It had counted, and was killed before it took any.
    progress = KeyframeProgress(bench.connections, EVERY)
    counted = await progress.count()
    assert (await progress.count()).due == ()
    assert one in counted.due

    for project in await progress.due():
        await bench.keyframer()._take(project, counted.position)

    assert await bench.kept(one) == (await bench.positions(one))[EVERY - 1 :: EVERY]
    assert await progress.due() == []


async def test_reading_begins_at_the_nearest_keyframe(bench: Bench) -> None:
    one, *_ = await two_projects(bench)
    await bench.keyframer().catch_up()
    positions = await bench.positions(one)

    for at in (positions[8], positions[9], positions[25], positions[46], None):
        expected = [p for p in await bench.kept(one) if at is None or p <= at]
        nearest = await bench.keyframes.nearest(one, at)
        assert (nearest.position if nearest else None) == (expected[-1] if expected else None)


async def test_a_broken_keyframe_is_passed_over_and_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    one, *_ = await two_projects(bench)
    await bench.keyframer().catch_up()
    last = (await bench.kept(one))[-1]
    await bench.rows(
        "update keyframes set state = 'no zlib' where project_id = %s and position = %s", one, last
    )

    deck = await bench.decks.at(one)

    assert deck is not None
    assert deck.dump() == (await bench.folded(one))[deck.position]
    assert f"ignored the keyframe of {one} at {last}" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        "update keyframes set hash = sha256('another')",
        "update keyframes set epoch = gen_random_uuid()",
        "update keyframes set schema = 0",
        "update log_head set epoch = gen_random_uuid()",
    ],
)
async def test_a_keyframe_of_another_history_or_form_is_not_read(bench: Bench, change: str) -> None:
    one, *_ = await two_projects(bench)
    await bench.keyframer().catch_up()
    assert await bench.keyframes.nearest(one) is not None

    await bench.rows(change)

    assert await bench.keyframes.nearest(one) is None
    assert await KeyframeProgress(bench.connections, EVERY).drop_foreign() == 8
    assert await bench.rows("select * from keyframes") == []


async def test_with_another_epoch_all_keyframes_are_dropped_and_taken_anew(bench: Bench) -> None:
    one, other, _ = await two_projects(bench)
    keyframer = bench.keyframer()
    await keyframer.catch_up()
    before = {p: await bench.kept(p) for p in (one, other)}
    (count,) = (await bench.rows("select count(*) from keyframes"))[0]
    await bench.rows("update log_head set epoch = gen_random_uuid()")
    progress = KeyframeProgress(bench.connections, EVERY)

    assert await progress.drop_foreign() == count
    assert await progress.drop_foreign() == 0
    await keyframer.catch_up()

    assert {p: await bench.kept(p) for p in (one, other)} == before
    assert await bench.keyframes.nearest(one) is not None


async def test_keyframes_deleted_with_their_progress_are_taken_again(bench: Bench) -> None:
    one, *_ = await two_projects(bench)
    await bench.keyframer().catch_up()
    before = await bench.kept(one)
    for table in ("keyframes", "keyframe_counts", "keyframe_progress"):
        await bench.rows(f"delete from {table}")

    await bench.keyframer().catch_up()

    assert await bench.kept(one) == before


async def test_only_what_the_log_has_gets_a_keyframe(bench: Bench) -> None:
    one, other, _ = await two_projects(bench, 12)
    deck = await bench.decks.at(one)
    assert deck is not None

    await bench.keyframes.write(other, deck)
    deck.position += 1_000
    await bench.keyframes.write(one, deck)

    assert await bench.rows("select * from keyframes") == []


async def test_the_position_of_an_instant_is_that_of_the_projects_last_event_by_then(bench: Bench) -> None:
    projects = await two_projects(bench, 12)
    times = await bench.rows("select notification_id, project_id, recorded_at from stored_events order by 1")

    for project in projects:
        for _, _, instant in times:
            expected = [p for p, whose, at in times if whose == project and at <= instant]
            assert await bench.decks.position_at(project, instant) == max(expected, default=0)


async def test_no_project_is_seen_through_anothers_id(bench: Bench) -> None:
    one, other, short = await two_projects(bench)
    await bench.keyframer().catch_up()

    mine, foreign = await bench.decks.at(one), await bench.decks.at(other)

    assert mine is not None
    assert foreign is not None
    assert mine.project is not None
    assert mine.project.project_id == one
    assert {b.project_id for b in mine.blocks.values()} == {one}
    assert not mine.blocks.keys() & foreign.blocks.keys()
    assert await bench.decks.at(uuid4()) is None
    last = await bench.decks.at(short)
    assert last is not None
    assert last.blocks == {}


async def test_workers_take_them(settings: Settings, bench: Bench) -> None:
    one, other, _ = await two_projects(bench)
    async with working(settings.model_copy(update={"keyframe_every": EVERY})):

        async def taken() -> bool:
            return [len(await bench.kept(p)) for p in (one, other)] == [4, 4]

        await eventually(taken, 10)
    assert await bench.kept(one) == (await bench.positions(one))[EVERY - 1 :: EVERY]
