"""What queues promise over several worker processes, one of which is killed."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from processes import crew
from running import Deck, eventually, system_on

from infra.settings import Settings

GENERATIONS = 215
AT_ONCE = 15
# From the kill to the next attempt, as the table in `infra/docs/jobs.md` says.
AGAIN_WITHIN = timedelta(seconds=10)


async def starts(deck: Deck) -> dict[str, list[datetime]]:
    """Return when each job's attempts began, by the log."""
    rows = await deck.owner.system.table.rows(
        "select originator_id::text, array_agg(recorded_at order by originator_version) from stored_events"
        " where topic = 'decklog.job.started' group by 1"
    )
    return dict(rows)


async def succeeded(deck: Deck) -> int:
    query = "select count(*) from stored_events where topic = 'decklog.job.succeeded'"
    return int(await deck.owner.system.table.value(query))


@pytest.mark.timeout(300)
async def test_fifteen_of_215_generations_run_at_once_in_three_processes_and_again_within_ten_seconds_of_a_kill(
    settings: Settings, tmp_path: Path
) -> None:
    # The lease and the concurrency are those that the product comes with.
    assert settings.ai_generation_concurrency == AT_ONCE
    settings = settings.model_copy(
        update={"job_rate": 0, "job_rate_per_user": 0, "rate_limit_enabled": False}
    )
    async with system_on(settings) as system, crew(settings, tmp_path, 3) as workers:
        deck = await system.person().deck()
        wanted = {"project_id": deck.id, "prompt": orjson.dumps({"holds": True}).decode()}
        answer = await deck.owner.post(
            "", {"commands": [{"type": "request-generation", **wanted} for _ in range(GENERATIONS)]}
        )
        assert answer.status_code == 200, answer.text

        async def full() -> bool:
            return workers.running().total() == AT_ONCE

        await eventually(full, 60)
        before = await starts(deck)
        assert len(before) == AT_ONCE
        assert {len(attempts) for attempts in before.values()} == {1}

        [(victim, lost)] = workers.running().most_common(1)
        killed = await system.table.value("select clock_timestamp()")
        await workers.kill(victim)
        await eventually(full, 60)
        after = await starts(deck)
        again = [attempts for attempts in after.values() if len(attempts) == 2]
        # Those of the killed process, and no others: 200 wait, and what runs elsewhere goes on.
        assert (len(again), len(after)) == (lost, AT_ONCE)
        for first, second in again:
            assert first < killed < second < killed + AGAIN_WITHIN

        workers.release()

        async def all_done() -> bool:
            return await succeeded(deck) == GENERATIONS

        await eventually(all_done, 90)
        assert workers.most() == AT_ONCE
        assert sum(map(len, (await starts(deck)).values())) == GENERATIONS + lost


@pytest.mark.timeout(300)
async def test_two_processes_together_begin_no_more_than_the_rates_of_a_queue_and_of_each_user(
    settings: Settings, tmp_path: Path
) -> None:
    # One job each 50 ms, 20 at once; of a user one each 100 ms, 10 at once.
    settings = settings.model_copy(
        update={"job_rate": 1_200, "job_rate_per_user": 600, "thinking_queue_concurrency": 100}
    )
    async with system_on(settings) as system, crew(settings, tmp_path, 2) as workers:
        decks = [await system.person().deck() for _ in range(3)]
        since = await system.table.value("select clock_timestamp()")
        asked = 0

        async def ask_all() -> None:
            nonlocal asked
            for deck in decks:
                command = {"type": "request-thinking", "instruction": orjson.dumps({"holds": True}).decode()}
                await deck.batch([command] * 20)
                asked += 20

        workers.release()
        await ask_all()
        while True:
            await eventually(lambda: done(decks[0], asked), 60)
            if all(workers.begun().values()):
                break
            # By chance, one process was always the first to ask.
            await ask_all()
        begun = await system.table.rows(
            "select recorded_at, project_id::text from stored_events where topic = 'decklog.job.started' order by 1"
        )
        assert len(begun) == asked
        of_queue = [at for at, _ in begun]
        assert_within(of_queue, since, burst=20, interval=timedelta(milliseconds=50))
        for deck in decks:
            of_user = [at for at, project in begun if project == deck.id]
            assert_within(of_user, since, burst=10, interval=timedelta(milliseconds=100))


async def done(deck: Deck, jobs: int) -> bool:
    return await succeeded(deck) == jobs


def assert_within(begun: list[datetime], since: datetime, *, burst: int, interval: timedelta) -> None:
    """A job begins some time after it was let through: so each may be late, and none may be early."""
    assert all(one <= other for one, other in pairwise(begun))
    early = [n for n, at in enumerate(begun, 1) if at < since + (n - burst) * interval]
    assert early == []
