"""`decklog db pools`: who holds connections."""

import asyncio
import json
import sys
from pathlib import Path
from subprocess import CompletedProcess
from subprocess import run as run_process

import psycopg
from running import System

from infra.postgres.activity import Activity, User, activity
from infra.settings import Settings
from tests.conftest import environment

DECKLOG = str(Path(sys.executable).with_name("decklog"))


async def test_connections_are_told_by_who_holds_them(system: System) -> None:
    async with await psycopg.AsyncConnection.connect(
        system.settings.dsn, application_name="somebody in a transaction"
    ) as connection:
        await connection.execute("select 1")
        found = await activity(system.settings)
    by_name = {u.name: u for u in found.users}
    assert by_name["somebody in a transaction"].in_transaction == 1
    assert by_name["decklog write"].all >= 1
    assert 0 < found.share < 1


def user(**more: float) -> User:
    counts = {"all": 10, "active": 1, "idle": 9, "in_transaction": 0, "waiting": 0}
    return User("decklog read", **{**counts, "longest_s": 0.0, "idle_in_transaction_s": 0.0, **more})  # type: ignore[arg-type]  # numbers of both kinds


def test_what_runs_out_or_is_kept_too_long_is_a_warning() -> None:
    assert not Activity(100, [user()]).warnings
    (out,) = Activity(12, [user()]).warnings
    assert "run out" in out
    (kept,) = Activity(100, [user(idle_in_transaction_s=90.0)]).warnings
    assert "90 s" in kept


def verb(settings: Settings, *more: str) -> CompletedProcess[str]:
    return run_process(
        [DECKLOG, "db", "pools", *more],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_verb_tells_it_to_people_and_machines(system: System) -> None:
    told = await asyncio.to_thread(verb, system.settings, "--json")
    document = json.loads(told.stdout)
    assert 0 < document["used"] <= document["max"]
    assert told.returncode == bool(document["warnings"])
    assert "decklog" in (await asyncio.to_thread(verb, system.settings)).stdout
