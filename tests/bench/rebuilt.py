"""`decklog projections rebuild`, the command as it is, over a log that is long already."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from infra.settings import Settings
from tests.bench.budgets import Measured
from tests.bench.filling import fill
from tests.bench.parts.writers import ANSWER
from tests.bench.servers import ROOT, environment
from tests.bench.tools import ToolFailed

PATIENCE = 220.0
LOOK_EVERY = 0.1

# What is filled in are edits: each stream has to begin with a block.
_BEGIN = """
update stored_events set topic = 'decklog.block.added', state = convert_to(json_build_object(
    'project_id', project_id::text, 'parent_id', null, 'type', 'text', 'rank', 'a0',
    'content', json_build_object('text', 'as it began'))::text, 'UTF8')
where originator_version = 1
"""


async def fill_blocks(settings: Settings, events: int, streams: int) -> None:
    """Fill an empty log with so many events, of so many blocks."""
    await fill(settings, events, streams, ANSWER)
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        # The log refuses to be rewritten, unless somebody says that it is meant.
        await connection.execute("set decklog.rewrites = 'a bench fills it'")
        await connection.execute(_BEGIN)
        await connection.execute("vacuum (analyze) stored_events")


async def rebuilt(settings: Settings, folder: Path, look: Callable[[int], None] = lambda _: None) -> Measured:
    """Run the command; return events a second, its start and the swap included.

    Args:
        settings: where the log is.
        folder: some folder.
        look: told the command's process id again and again while it runs.

    Raises:
        ToolFailed: it did not end well.
    """
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
    looking = asyncio.create_task(_look(process.pid, look))
    try:
        async with asyncio.timeout(PATIENCE):
            answer, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    finally:
        looking.cancel()
    took = time.monotonic() - begun
    report = json.loads(answer)
    if report["position"] is None or report["position"] < report["events"]:
        raise ToolFailed(f"the rebuild says {report}")
    return {"rate": report["events"] / took, "events": report["events"], "seconds": took}


async def _look(pid: int, look: Callable[[int], None]) -> None:
    while True:
        look(pid)
        await asyncio.sleep(LOOK_EVERY)


class Peak:
    """The most memory that any process of a tree had of its own, in MB."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    def __call__(self, pid: int) -> None:
        """Look at a process and those that it has started."""
        with suppress(psutil.Error):
            parent = psutil.Process(pid)
            for process in (parent, *parent.children(recursive=True)):
                with suppress(psutil.Error):
                    self.megabytes = max(self.megabytes, process.memory_info().rss / 1e6)
