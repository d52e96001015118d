"""What every implementation of `commands.ports.Snapshots` has to do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest

from commands.ports import NO_STREAM, Append, Appended, EventLog, EventWrite, Snapshot, Snapshots, StreamWrite
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.postgres.snapshots import PostgresSnapshots
from infra.settings import Settings
from tests.support.making import ADA, created, renamed
from tests.support.memory_log import InMemoryEventLog
from tests.support.memory_snapshots import InMemorySnapshots


@dataclass(frozen=True)
class Kept:
    """Snapshots beside a log in which `stream` has five events, at positions 2 to 6."""

    snapshots: Snapshots
    settle: Callable[[], Awaitable[None]]
    stream: UUID

    def at(self, version: int) -> Snapshot:
        return Snapshot(
            self.stream, version, "project", 1, version + 1, {"title": f"T{version}", "n": [1, None]}
        )


async def begin(log: EventLog) -> UUID:
    first, stream = uuid4(), uuid4()
    command = uuid4()
    events = [created(stream), *(renamed(stream, v, f"T{v}") for v in range(2, 6))]
    outcome = await log.append(
        Append(
            caller="ada",
            command_id=command,
            request_hash=b"h",
            status=200,
            body=b"{}",
            metadata=ADA,
            writes=[StreamWrite(first, first, NO_STREAM), StreamWrite(stream, stream, NO_STREAM)],
            events=[
                EventWrite(0, created(first), command),
                *(EventWrite(1, event, command) for event in events),
            ],
        )
    )
    assert outcome == Appended(0)
    return stream


@pytest.fixture
async def in_memory() -> Kept:
    log = InMemoryEventLog()
    stream = await begin(log)
    snapshots = InMemorySnapshots(log)
    return Kept(snapshots, snapshots.settle, stream)


@pytest.fixture
async def on_postgres(settings: Settings) -> AsyncIterator[Kept]:
    connections = pool(settings, "contract")
    await connections.open()
    appender = Appender(settings, structural_topics())
    await appender.start()
    snapshots = PostgresSnapshots(connections)
    await snapshots.start()
    try:
        stream = await begin(PostgresEventLog(connections, appender))
        yield Kept(snapshots, snapshots.settle, stream)
    finally:
        await snapshots.stop()
        await appender.stop()
        await connections.close()


@pytest.fixture(params=["in_memory", "on_postgres"])
def kept(request: pytest.FixtureRequest) -> Kept:
    found: Kept = request.getfixturevalue(request.param)
    return found


async def test_what_was_offered_comes_back_as_it_was(kept: Kept) -> None:
    kept.snapshots.offer(kept.at(3))
    await kept.settle()

    assert await kept.snapshots.latest(kept.stream) == [kept.at(3)]
    assert list(await kept.snapshots.latest(uuid4())) == []


async def test_a_newer_snapshot_takes_the_place_of_older_ones(kept: Kept) -> None:
    for version in (1, 2, 5):
        kept.snapshots.offer(kept.at(version))
        await kept.settle()

    assert await kept.snapshots.latest(kept.stream) == [kept.at(5)]


async def test_an_older_snapshot_does_not_take_the_place_of_a_newer_one(kept: Kept) -> None:
    for version in (4, 2):
        kept.snapshots.offer(kept.at(version))
        await kept.settle()

    assert (await kept.snapshots.latest(kept.stream))[0] == kept.at(4)


async def test_the_same_version_may_be_taken_again_in_another_form(kept: Kept) -> None:
    kept.snapshots.offer(kept.at(4))
    await kept.settle()
    again = replace(kept.at(4), schema=2, state={"name": "T4"})
    kept.snapshots.offer(again)
    await kept.settle()

    assert await kept.snapshots.latest(kept.stream) == [again]


@pytest.mark.parametrize(
    "change", [{"version": 6}, {"position": 3}, {"position": 900}, {"version": 900}], ids=str
)
async def test_what_does_not_fit_the_log_is_not_kept(kept: Kept, change: dict[str, int]) -> None:
    kept.snapshots.offer(replace(kept.at(4), **change))
    await kept.settle()

    assert list(await kept.snapshots.latest(kept.stream)) == []
