"""`decklog audit verify`, the command as it is, its start included."""

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path

import psycopg

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.filling import fill
from tests.bench.harness import Bench, Stage
from tests.bench.parts.writers import ANSWER
from tests.bench.servers import ROOT, environment
from tests.bench.tools import ToolFailed

EVENTS, STREAMS = 500_000, 5_000
PATIENCE = 120.0

RATE = Budget("audit verify, all cores", "hashed in SQL, 1 connection", 150_000, absolute=True)

_IN_SQL = """
select count(*) filter (where hash <> sha256(coalesce(before, ''::bytea) || event_fields(
    originator_id, originator_version, notification_id, project_id, command_id,
    int8send((extract(epoch from recorded_at) * 1000000)::bigint), topic, state, metadata::text)))
from (
    select e.*, lag(hash) over (partition by originator_id order by originator_version) as before
    from stored_events e
) e
"""


async def _in_sql(settings: Settings) -> Measured:
    async with await psycopg.AsyncConnection.connect(settings.dsn) as connection:
        begun = time.monotonic()
        row = await (await connection.execute(_IN_SQL)).fetchone()
        took = time.monotonic() - begun
    if row != (0,):
        raise ToolFailed(f"the database finds other hashes: {row}")
    return {"rate": EVENTS / took}


async def _verify(settings: Settings, folder: Path) -> Measured:
    argv = ["-m", "workers.cli", "audit", "verify", "--json", "--data-dir", str(folder)]
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *argv,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(settings),
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            answer, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    took = time.monotonic() - begun
    report = json.loads(answer)
    if not report["ok"] or report["events"] != EVENTS:
        raise ToolFailed(f"the audit says {report}")
    return {"rate": EVENTS / took}


async def _run(stage: Stage) -> None:
    async with stage.servers.database() as settings:
        await fill(settings, EVENTS, STREAMS, ANSWER)
        await stage.compare([RATE], partial(_in_sql, settings), partial(_verify, settings, stage.folder))


BENCH = Bench("verify", "half a million events verified, hash by hash", (RATE,), _run)
