"""What every implementation of the port `Decks` has to do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.ports import ANY_VERSION, Append, Appended, Decks, EventLog, EventQuery, EventWrite, StreamWrite
from domain.documents import Deck
from domain.events import Recorded
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.decks import PostgresDecks
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.settings import Settings
from projections.ports import Decks as DecksOfReaders
from tests.support.histories import RandomHistory
from tests.support.making import ADA
from tests.support.memory_decks import InMemoryDecks
from tests.support.memory_log import InMemoryEventLog

COUNT = 40


@dataclass(frozen=True)
class Kept:
    """Decks over a log in which the events of two projects take turns."""

    decks: Decks
    log: EventLog
    projects: tuple[UUID, UUID]

    async def events(self, project: UUID) -> list[Recorded]:
        return list(await self.log.read(EventQuery(project_id=project)))

    async def folded(self, project: UUID, position: int) -> Deck:
        deck = Deck()
        for recorded in await self.events(project):
            if recorded.position <= position:
                deck.apply(recorded)
        return deck


async def begin(log: EventLog) -> tuple[UUID, UUID]:
    one, other = RandomHistory(11), RandomHistory(12)
    for pair in zip(one.events(COUNT), other.events(COUNT), strict=True):
        for project, event in zip((one.project, other.project), pair, strict=True):
            command = uuid4()
            outcome = await log.append(
                Append(
                    caller="ada",
                    command_id=command,
                    request_hash=b"h",
                    status=200,
                    body=b"{}",
                    metadata=ADA,
                    writes=[StreamWrite(event.originator_id, project, ANY_VERSION)],
                    events=[EventWrite(0, event, command)],
                )
            )
            assert isinstance(outcome, Appended)
    return one.project, other.project


@pytest.fixture
async def in_memory() -> Kept:
    log = InMemoryEventLog()
    return Kept(InMemoryDecks(log), log, await begin(log))


@pytest.fixture
async def on_postgres(settings: Settings) -> AsyncIterator[Kept]:
    connections = pool(settings, "contract")
    await connections.open()
    appender = Appender(settings, structural_topics())
    await appender.start()
    try:
        log = PostgresEventLog(connections, appender)
        yield Kept(PostgresDecks(connections, log), log, await begin(log))
    finally:
        await appender.stop()
        await connections.close()


@pytest.fixture(params=["in_memory", "on_postgres"])
def kept(request: pytest.FixtureRequest) -> Kept:
    found: Kept = request.getfixturevalue(request.param)
    return found


async def test_a_deck_is_the_fold_of_the_projects_events_up_to_the_position(kept: Kept) -> None:
    for project in kept.projects:
        first = (await kept.events(project))[0].position
        for at in range(2 * COUNT + 3):
            deck = await kept.decks.at(project, at)
            if at < first:
                assert deck is None
            else:
                assert deck is not None
                assert deck.dump() == (await kept.folded(project, at)).dump()


async def test_without_a_position_it_is_the_deck_of_now(kept: Kept) -> None:
    for project in kept.projects:
        now = await kept.decks.at(project)
        last = await kept.decks.at(project, 2 * COUNT)
        assert now is not None
        assert last is not None
        assert now.dump() == last.dump()


async def test_what_nobody_made_is_no_deck(kept: Kept) -> None:
    assert await kept.decks.at(uuid4()) is None
    assert await kept.decks.at(kept.projects[0], 0) is None
    assert await kept.decks.position_at(uuid4(), (await kept.events(kept.projects[0]))[0].recorded_at) == 0


async def test_a_deck_is_the_callers_own(kept: Kept) -> None:
    deck = await kept.decks.at(kept.projects[0])
    assert deck is not None
    before = deck.dump()
    deck.blocks.clear()
    deck.project = None

    again = await kept.decks.at(kept.projects[0])
    assert again is not None
    assert again.dump() == before


async def test_an_instant_means_the_projects_last_event_recorded_by_then(kept: Kept) -> None:
    for project in kept.projects:
        events = await kept.events(project)
        early = events[0].recorded_at - timedelta(microseconds=1)
        assert await kept.decks.position_at(project, early) == 0
        for recorded in events:
            by_then = [e.position for e in events if e.recorded_at <= recorded.recorded_at]
            assert await kept.decks.position_at(project, recorded.recorded_at) == by_then[-1]
        late = events[-1].recorded_at + timedelta(days=1)
        assert await kept.decks.position_at(project, late) == events[-1].position


def for_both_ports(decks: Decks) -> DecksOfReaders:
    """Commands and read models name the same port: the type checker looks at this."""
    return decks
