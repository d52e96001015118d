"""A full disk: appends are refused in the end, nothing of them is written, and all goes on when there is room.

Two ways of being full. In one the files of a running PostgreSQL may not grow any more, which is how it lets itself be
tested anywhere: its tables are full, its journal is not. In the other it lives on a small disk of its own, and
that is full to the last byte, journal and all; only root can have that.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from logs import created, one, opened, renamed
from running import looking

from commands.ports import Append, Appended, Replayed
from domain.errors import Unavailable
from infra.audit.audit import Trust, verify_log
from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.postgres.event_log import PostgresEventLog
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tests.faults.filesize import POSSIBLE, largest_file, limit_files, working_folder
from tests.faults.smalldisk import NoDisk, small_disk, take_all

LARGE = 100_000
MOST = 2_000
SMALL_WAL = {"max_wal_size": "64MB", "min_wal_size": "32MB", "shared_buffers": "32MB"}
SEGMENT = 16 * 2**20
PATIENCE = 60


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="dl-full-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[EmbeddedServers, Settings]]:
    with DataFolder.open(folder / "data") as data:
        async with EmbeddedServers(data, print, postgres_settings=SMALL_WAL) as servers:
            settings = Settings(
                database_url=servers.database_url,
                redis_url=servers.redis_url,
                jwt_secret="x" * 32,
                db_connection_timeout=5_000,
            )
            await migrate(settings)
            yield servers, settings


def edit(stream: UUID, version: int) -> Append:
    """Ask for an event that takes much room, and cannot be compressed."""
    title = os.urandom(LARGE // 2).hex()
    event = renamed(stream, version, title) if version > 1 else created(stream, title)
    return one(stream, version - 1, event)


async def fill(log: PostgresEventLog, stream: UUID) -> tuple[int, Append]:
    """Append until it is refused; return how many were taken, and the one that was not."""
    for version in range(1, MOST):
        request = edit(stream, version)
        try:
            assert await log.append(request) == Appended(version - 1)
        except Unavailable:
            return version - 1, request
    raise AssertionError(f"there was room for {MOST} events")


async def again(log: PostgresEventLog, request: Append) -> object:
    """Repeat a request until it is answered."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await log.append(request)
            except Unavailable:
                await asyncio.sleep(0)


async def check(settings: Settings, stream: UUID, commands: Sequence[UUID], count: int) -> None:
    """What was acknowledged is there, and nothing else; the log can be proved."""
    async with looking(settings) as table:
        stored = await table.rows(
            "select notification_id, originator_version from stored_events where originator_id = %s order by 1",
            stream,
        )
        assert stored == [(n, n) for n in range(1, count + 1)]
        assert await table.head() == count
        kept = {c for (c,) in await table.rows("select command_id from command_results")}
        assert len(kept) == count
        assert kept >= {*commands}
    report = await asyncio.to_thread(verify_log, settings, Trust(), lambda _: None, workers=1)
    assert report.findings.listed() == []
    assert report.recomputed.events == count


@pytest.mark.skipif(not POSSIBLE, reason="only Linux limits the files of a process that runs")
@pytest.mark.timeout(180)
async def test_tables_that_cannot_grow_refuse_appends_until_they_can(folder: Path) -> None:
    stream = uuid4()
    async with served(folder) as (servers, settings), opened(settings) as log:
        pid = servers.postgres_pid
        with limit_files(pid, max(largest_file(working_folder(pid) / "base"), SEGMENT)):
            taken, refused = await fill(log, stream)
            assert taken > 10
            # Reads and this process go on meanwhile.
            assert (await log.head())[0] == taken
            assert len(await log.stream(stream, taken - 1)) == 1
        text = (folder / "data" / "logs" / "postgres.log").read_text("utf-8", "replace")
        assert "File too large" in text
        assert await again(log, refused) == Appended(taken)
        assert await log.append(edit(stream, taken + 2)) == Appended(taken + 1)
        assert isinstance(await log.append(refused), Replayed)
        # It was not so bad that the server had to start again.
        assert servers.postgres_pid == pid
        await check(settings, stream, [refused.command_id], taken + 2)


async def use_up_the_journal(servers: EmbeddedServers) -> None:
    """Have PostgreSQL begin new files of its journal until it cannot; that is the end of it, for now."""
    async with await psycopg.AsyncConnection.connect(servers.postgres.admin_url, autocommit=True) as admin:
        with suppress(psycopg.OperationalError):
            for _ in range(100):
                await admin.execute("select pg_logical_emit_message(false, 'fill', 'x'), pg_switch_wal()")
            raise AssertionError("there was room for 100 files")


@pytest.mark.timeout(240)
async def test_a_disk_without_any_room_refuses_appends_until_there_is_some(folder: Path) -> None:
    stream = uuid4()
    try:
        disk = small_disk(folder, 400)
        disk.__enter__()
    except NoDisk as why:
        pytest.skip(str(why))
    try:
        async with served(folder) as (servers, settings), opened(settings) as log:
            first = edit(stream, 1)
            assert await log.append(first) == Appended(0)
            ballast = folder / "ballast"
            pid = servers.postgres_pid
            await asyncio.to_thread(take_all, ballast)
            await use_up_the_journal(servers)
            refused = edit(stream, 2)
            with pytest.raises(Unavailable):
                await log.append(refused)
            text = (folder / "data" / "logs" / "postgres.log").read_text("utf-8", "replace")
            assert "No space left on device" in text
            await asyncio.to_thread(ballast.unlink)
            assert await again(log, refused) == Appended(1)
            assert await log.append(edit(stream, 3)) == Appended(2)
            # Without its journal the server ended, and it came back by itself.
            assert servers.postgres_pid != pid
            await check(settings, stream, [first.command_id, refused.command_id], 3)
    finally:
        disk.__exit__(None, None, None)
