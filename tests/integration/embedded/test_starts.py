# ruff: noqa: ASYNC220 - a test may block the loop that is its own
import socket
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis.asyncio

from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import DataFolder
from infra.embedded.ports import free_port
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.servers import EmbeddedServers
from infra.embedded.valkey import EmbeddedValkey


async def query(url: str, statement: str) -> Any:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement)
        return (await cursor.fetchone() or [None])[0] if cursor.description else None


@pytest.mark.parametrize("kind", [EmbeddedPostgres, EmbeddedValkey])
async def test_a_given_port_that_is_taken_is_named(
    folder: DataFolder, kind: type[EmbeddedPostgres | EmbeddedValkey]
) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"port {port} \({kind.title}\) is taken"):
            await kind(folder, port=port).start()


async def test_a_remembered_port_that_is_taken_is_picked_anew(folder: DataFolder) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        taken = listener.getsockname()[1]
        folder.remember_port("valkey", taken)
        valkey = EmbeddedValkey(folder)
        await valkey.start()
        await valkey.stop()
    assert valkey.port != taken
    assert folder.remembered_port("valkey") == valkey.port


async def test_a_setting_that_postgres_refuses_is_told_with_its_words(
    folder: DataFolder, announced: list[str]
) -> None:
    servers = EmbeddedServers(folder, announced.append, postgres_settings={"no_such_setting": "1"})
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        await servers.start()
    with pytest.raises(EmbeddedError, match="Valkey does not run"):
        _ = servers.valkey_pid


async def test_settings_are_taken(folder: DataFolder, announced: list[str]) -> None:
    settings = {"max_connections": "50", "cluster_name": "it's \\ odd"}
    async with EmbeddedServers(folder, announced.append, postgres_settings=settings) as servers:
        assert await query(servers.database_url, "SELECT current_setting('max_connections')") == "50"
        assert await query(servers.database_url, "SELECT current_setting('cluster_name')") == "it's \\ odd"


async def test_a_password_that_was_exchanged_is_told(folder: DataFolder) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    await server.stop()
    folder.postgres_admin_password = "another"
    with pytest.raises(EmbeddedError, match=r"secrets\.json is not the one"):
        await EmbeddedPostgres(folder).start()


async def test_a_record_whose_number_is_a_foreign_process_does_not_stop_the_start(folder: DataFolder) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    record = folder.path / "postgres" / "data" / "postmaster.pid"
    text = record.read_text()
    await server.stop()
    account = folder.home.account
    foreign = subprocess.Popen(["sleep", "60"], user=None if account is None else account.uid)
    try:
        record.write_text(text.replace(text.split()[0], str(foreign.pid), 1))
        await server.start()
        await server.stop()
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


async def test_an_odd_path_which_is_too_long_for_a_socket_works(place: Path, announced: list[str]) -> None:
    with DataFolder.open(place / 'it\'s "an" odd, \\one' / ("long" * 20) / ".decklog") as folder:
        async with EmbeddedServers(folder, announced.append) as servers:
            assert (
                await query(servers.database_url, "SELECT current_setting('unix_socket_directories')") == ""
            )
            async with redis.asyncio.from_url(servers.redis_url) as client:
                assert await client.ping()
