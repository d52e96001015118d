"""`decklog projections rebuild`, the command as it is, its start and the swap included."""

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path

import psycopg

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.filling import fill, text
from tests.bench.harness import Bench, Stage
from tests.bench.part import part
from tests.bench.parts.writers import ANSWER
from tests.bench.servers import ROOT, environment
from tests.bench.tools import ToolFailed

EVENTS, STREAMS = 500_000, 10_000
STOCK_EVENTS = 6_000
PATIENCE = 180.0

RATE = Budget("rebuild of all read models", "stock ProjectionRunner", 30, 60)

# What is filled in are edits: each stream has to begin with a block.
_BEGIN = """
update stored_events set topic = 'decklog.block.added', state = convert_to(json_build_object(
    'project_id', project_id::text, 'parent_id', null, 'type', 'text', 'rank', 'a0',
    'content', json_build_object('text', 'as it began'))::text, 'UTF8')
where originator_version = 1
"""


async def _stock(stage: Stage, _: Settings) -> Measured:
    async with stage.servers.database() as empty:
        config = {"dsn": empty.dsn, "events": STOCK_EVENTS, "text": text()}
        async with part("stock_projection", config) as stock:
            found: Measured = await stock.hear(PATIENCE)
            return found


async def _rebuild(settings: Settings, folder: Path) -> Measured:
    argv = ["-m", "workers.cli", "projections", "rebuild", "--json", "--data-dir", str(folder)]
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
    if report["events"] != EVENTS or report["position"] != EVENTS:
        raise ToolFailed(f"the rebuild says {report}")
    return {"rate": EVENTS / took}


async def _run(stage: Stage) -> None:
    async with stage.servers.database() as settings:
        await fill(settings, EVENTS, STREAMS, ANSWER)
        async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
            await connection.execute(_BEGIN)
            await connection.execute("vacuum (analyze) stored_events")
        await stage.compare(
            [RATE], partial(_stock, stage, settings), partial(_rebuild, settings, stage.folder)
        )


BENCH = Bench(
    "rebuild", "half a million events folded into all read models, compared and swapped", (RATE,), _run
)
