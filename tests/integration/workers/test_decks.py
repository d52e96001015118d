"""The deck folded from the log is what the read models say, row by row."""

import pytest
from logs import append_all, opened

from infra.bootstrap import read_models
from infra.postgres.connections import pool
from infra.postgres.decks import PostgresDecks
from infra.postgres.read_database import PostgresDatabase
from infra.settings import Settings
from projections.blocks import queries as blocks
from projections.conflicts import queries as conflicts
from projections.partitions import partition_of
from projections.projects import queries as projects
from projections.runner import Runner
from projections.suggestions import queries as suggestions
from tests.support.histories import RandomHistory


@pytest.mark.parametrize("seed", range(4))
async def test_a_deck_is_what_the_read_models_say(settings: Settings, seed: int) -> None:
    histories = [RandomHistory(seed), RandomHistory(seed + 1_000)]
    connections = pool(settings, "test")
    await connections.open()
    database = PostgresDatabase(connections)
    async with opened(settings) as log:
        for history in histories:
            await append_all(log, history.project, list(history.events(300)), at_once=20)
        head, _ = await log.head()
        events = await log.after(0, head)
        for k in range(4):
            mine = [e for e in events if partition_of(e.project_id, 4) == k]
            # In pieces: rows are read back between them.
            runner = Runner(read_models(), database, k, log, 4)
            for to in range(0, head + 100, 100):
                await runner.deliver([e for e in mine if to - 100 < e.position <= to], to)

        for history in histories:
            deck = await PostgresDecks(connections, log).at(history.project)
            assert deck is not None
            partition = partition_of(history.project, 4)
            async with database.session() as session:
                rows = await blocks.load(session, dict.fromkeys(deck.blocks, history.project))
                _, tree = await blocks.tree_page(
                    session, partition, history.project, block_type=None, after=None, limit=10_000
                )
                _, project = await projects.find(session, partition, history.project)
                _, open_ones = await conflicts.page(
                    session, partition, history.project, resolved="false", after=0, limit=1_000
                )
                _, suggested = await suggestions.page(
                    session, partition, history.project, state="open", after=0, limit=1_000
                )
            assert rows == deck.blocks
            assert [block for _, block in tree] == deck.shown()
            assert len(tree) > 5
            assert project == deck.project
            open_marks = {(b, v) for b, v, conflict in history.open_marks if conflict}
            assert {(c.block_id, c.opened_version) for c in open_ones} == open_marks
            open_marks = {(b, v) for b, v, conflict in history.open_marks if not conflict}
            assert {(s.block_id, s.opened_version) for s in suggested} == open_marks
            assert open_ones
            assert suggested
    await connections.close()
