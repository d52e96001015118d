# ruff: noqa: ASYNC221, ASYNC240 - a test may block the loop that is its own
import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
import redis.asyncio
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from infra.embedded.folder import DataFolder
from infra.embedded.orphans import _by_lsof, find_processes
from infra.embedded.servers import EmbeddedServers


class Served(Protocol):
    folder: DataFolder
    servers: EmbeddedServers
    announced: list[str]


Eventually = Callable[[Callable[[], Any], float], Awaitable[float]]


async def query(url: str, statement: str) -> Any:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement)
        return (await cursor.fetchone() or [None])[0] if cursor.description else None


def reachable(url: str) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        try:
            return bool(await query(url, "SELECT 1"))
        except psycopg.OperationalError:
            return False

    return ask


async def test_both_serve_with_their_passwords_on_the_loopback(served: Served) -> None:
    servers = served.servers
    assert servers.database_url.endswith(f"@127.0.0.1:{servers.postgres.port}/decklog")
    assert await query(servers.database_url, "SELECT current_setting('listen_addresses')") == "127.0.0.1"
    assert await query(servers.database_url, "SELECT current_setting('max_connections')") == "300"
    assert (
        await query(
            servers.database_url, "SELECT current_setting('fsync') || current_setting('synchronous_commit')"
        )
        == "onon"
    )
    assert await query(servers.database_url, "SELECT lower('ÄÖÜ')") == "äöü"
    async with redis.asyncio.from_url(servers.redis_url) as client:
        assert (await client.config_get("appendonly"))["appendonly"] == "yes"
        assert (await client.config_get("bind"))["bind"] == "127.0.0.1"


async def test_our_user_is_no_superuser_yet_can_make_databases(served: Served) -> None:
    servers = served.servers
    assert await query(servers.database_url, "SELECT current_setting('is_superuser')") == "off"
    assert await query(servers.postgres.admin_url, "SELECT current_setting('is_superuser')") == "on"
    await query(servers.database_url, "CREATE DATABASE another")


async def test_a_wrong_password_or_none_is_refused(served: Served) -> None:
    servers, folder = served.servers, served.folder
    for wrong in (
        servers.database_url.replace(folder.postgres_password, "x"),
        servers.database_url.replace(f":{folder.postgres_password}", ""),
    ):
        with pytest.raises(psycopg.OperationalError, match="password"):
            await query(wrong, "SELECT 1")
    sockets = folder.path / "postgres" / "run"
    with pytest.raises(psycopg.OperationalError, match="password"):
        await query(f"postgresql://decklog@/decklog?host={sockets}&port={servers.postgres.port}", "SELECT 1")
    for wrong in (
        servers.redis_url.replace(folder.valkey_password, "x"),
        f"redis://127.0.0.1:{servers.valkey.port}/0",
    ):
        async with redis.asyncio.from_url(wrong) as client:
            with pytest.raises(AuthenticationError):
                await client.ping()


async def test_no_secret_shows_on_a_command_line_or_in_a_log(served: Served) -> None:
    servers, folder = served.servers, served.folder
    assert servers.postgres_pid
    shown = subprocess.run(["ps", "-axo", "args"], capture_output=True, text=True, check=True).stdout
    shown += "".join(path.read_text() for path in (folder.path / "logs").iterdir())
    for secret in (
        folder.postgres_password,
        folder.postgres_admin_password,
        folder.valkey_password,
        folder.jwt_secret,
    ):
        assert secret not in shown


async def test_data_and_addresses_survive_a_restart(folder: DataFolder, announced: list[str]) -> None:
    async with EmbeddedServers(folder, announced.append) as servers:
        urls = servers.database_url, servers.redis_url
        await query(servers.database_url, "CREATE TABLE kept AS SELECT 42 AS n")
        async with redis.asyncio.from_url(servers.redis_url) as client:
            await client.set("kept", "42")
    async with EmbeddedServers(folder, announced.append) as servers:
        assert (servers.database_url, servers.redis_url) == urls
        assert await query(servers.database_url, "SELECT n FROM kept") == 42
        async with redis.asyncio.from_url(servers.redis_url) as client:
            assert await client.get("kept") == b"42"
    assert announced == []


async def test_a_clean_stop_leaves_no_process(
    folder: DataFolder, announced: list[str], is_running: Callable[[int], bool]
) -> None:
    async with EmbeddedServers(folder, announced.append) as servers:
        await query(servers.database_url, "SELECT 1")
        pids = [
            servers.postgres_pid,
            servers.valkey_pid,
            *find_processes(folder.path / "postgres" / "data", folder.home.programs.postgres),
        ]
        assert len(pids) > 5
    assert not any(is_running(pid) for pid in pids)
    assert "database system is shut down" in (folder.path / "logs" / "postgres.log").read_text()
    assert not (folder.path / "postgres" / "data" / "postmaster.pid").exists()


async def kill_postgres_under_a_busy_backend(servers: EmbeddedServers, eventually: Eventually) -> int:
    killed = servers.postgres_pid
    busy = await psycopg.AsyncConnection.connect(servers.database_url, autocommit=True)
    spinning = asyncio.create_task(busy.execute("SELECT count(*) FROM generate_series(1, 1000000000)"))
    active = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT count%')"
    )
    await eventually(lambda: query(servers.database_url, active), 5)
    begin = time.monotonic()
    os.kill(killed, signal.SIGKILL)
    # The killed postmaster refuses from now on, so whoever answers is the new one.
    await eventually(reachable(servers.database_url), 2)
    assert time.monotonic() - begin < 2
    with pytest.raises(psycopg.OperationalError):
        await spinning
    await busy.close()
    return killed


async def test_postgres_killed_under_a_busy_backend_is_back_within_two_seconds(
    served: Served, eventually: Eventually
) -> None:
    servers, announced = served.servers, served.announced
    for lives in (1, 2):
        killed = await kill_postgres_under_a_busy_backend(servers, eventually)
        assert f"PostgreSQL (pid {killed}) was killed by SIGKILL: starting it again" in announced

        def all_back(lives: int = lives) -> bool:
            return sum("PostgreSQL is back after" in line for line in announced) == lives

        await eventually(all_back, 2)
        assert servers.postgres_pid != killed


async def test_what_valkey_synced_survives_a_kill(served: Served, eventually: Eventually) -> None:
    servers, announced = served.servers, served.announced
    async with redis.asyncio.from_url(servers.redis_url) as client:
        await client.rpush("queue", "a", "b")
        assert (await client.execute_command("WAITAOF", 1, 0, 5000))[0] == 1
    killed = servers.valkey_pid
    begin = time.monotonic()
    os.kill(killed, signal.SIGKILL)

    async def list_is_back() -> bool:
        async with redis.asyncio.from_url(servers.redis_url) as again:
            try:
                return bool(await again.lrange("queue", 0, -1) == [b"a", b"b"])
            except RedisConnectionError:
                return False

    await eventually(list_is_back, 2)
    assert time.monotonic() - begin < 2
    await eventually(lambda: servers.valkey_pid != killed, 2)
    assert f"Valkey (pid {killed}) was killed by SIGKILL: starting it again" in announced


async def test_processes_are_found_by_lsof_as_by_proc(served: Served) -> None:
    servers, folder = served.servers, served.folder
    lsof = Path("/usr/bin/lsof")
    if not lsof.exists():
        pytest.skip("no lsof on this machine")
    data, program = folder.path / "valkey" / "data", folder.home.programs.valkey
    assert _by_lsof(data, program, lsof) == find_processes(data, program) == [servers.valkey_pid]
