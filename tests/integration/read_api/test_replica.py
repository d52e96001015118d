"""Reads of a real streaming replica: as fresh as they are asked to be, and there at all when it is not."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from running import System, eventually, serving_read, system_on, working

from infra.embedded.files import make_folder
from infra.embedded.folder import DataFolder
from infra.embedded.ports import free_port
from infra.embedded.servers import EmbeddedServers
from infra.settings import Settings
from tests.conftest import TokenMaker

SLOT = "read_replica"


@dataclass
class Replica:
    """A replica of the test server, made by its own programs."""

    folder: DataFolder
    servers: EmbeddedServers
    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def settings(self, settings: Settings) -> Settings:
        """Let read tables be read there."""
        url = settings.dsn.replace(f":{self.servers.postgres.port}/", f":{self.port}/")
        return Settings.model_validate({**settings.model_dump(), "database_replica_url": url})

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        account = self.folder.home.account
        as_account = (
            {"user": account.uid, "group": account.gid, "extra_groups": []} if account is not None else {}
        )
        return subprocess.Popen(
            command,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **as_account,  # type: ignore[arg-type]
        )

    def make(self) -> None:
        """Copy the server, ready to stream from it."""
        programs = self.folder.home.programs.postgres.parent
        source = self.servers.postgres.admin_url.replace("/decklog", "/postgres")
        copying = self._run(
            str(programs / "pg_basebackup"),
            *(
                "-D",
                str(self.data),
                "-d",
                source,
                "-R",
                "-X",
                "stream",
                "-C",
                "-S",
                SLOT,
                "--checkpoint=fast",
            ),
        )
        assert copying.wait(60) == 0

    async def start(self) -> None:
        programs = self.folder.home.programs.postgres.parent
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 300,
            "hot_standby_feedback": "on",
        }
        self.process = self._run(
            str(programs / "postgres"),
            *("-D", str(self.data)),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        )
        await eventually(self.streams, 20)

    async def streams(self) -> bool:
        try:
            return bool(await self.ask("select count(*) > 0 from pg_stat_wal_receiver"))
        except psycopg.OperationalError:
            return False

    async def ask(self, query: str) -> object:
        url = self.servers.postgres.admin_url.replace(
            f":{self.servers.postgres.port}/", f":{self.port}/"
        ).replace("/decklog", "/postgres")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            row = await (await connection.execute(query.encode())).fetchone()
        return row[0] if row else None

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Let it take what comes, and show nothing of it."""
        await self.ask("select pg_wal_replay_pause()")

        async def still() -> bool:
            return await self.ask("select pg_get_wal_replay_pause_state()") == "paused"

        await eventually(still)
        yield
        await self.ask("select pg_wal_replay_resume()")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
            self.process = None


@pytest.fixture
async def replica(
    settings: Settings,  # noqa: ARG001 - the database has to be there before
    servers: EmbeddedServers,
    server_folder: Path,
) -> AsyncIterator[Replica]:
    """A copy of the whole server, which follows it."""
    folder = servers.postgres._folder
    data = server_folder / "replica"
    make_folder(data, 0o700, folder.home.account)
    made = Replica(folder, servers, data, free_port())
    try:
        made.make()
        await made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(data, ignore_errors=True)
        async with await psycopg.AsyncConnection.connect(
            servers.postgres.admin_url, autocommit=True
        ) as admin:
            await admin.execute("select pg_drop_replication_slot(%s)", (SLOT,))


LISTS = ("/api/projects", "{p}/blocks", "{p}/versions", "/api/themes")


async def stats(system: System, url: str, admin: str) -> dict[str, int]:
    answer = await system.client.get(
        f"{url}/api/admin/cache/stats", headers={"Authorization": f"Bearer {admin}"}
    )
    found: dict[str, int] = answer.json()["process"]["replica"]
    return found


async def test_reads_come_from_the_replica_and_are_as_fresh_as_asked(
    settings: Settings, replica: Replica, token: TokenMaker
) -> None:
    admin = token("root", scope="admin")
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(system_on(settings))
        await stack.enter_async_context(working(settings))
        url = await stack.enter_async_context(serving_read(replica.settings(settings)))
        ada = system.person()
        there = ada.at(system.reading(url))

        async def used() -> bool:
            return not (await stats(system, url, admin))["away"]

        await eventually(used)
        for n in range(10):
            deck = await ada.deck()
            paths = [deck.path, f"{deck.path}/blocks/{deck.blocks[0]}", *LISTS]
            seen = await asyncio.gather(
                *(there.see(p.format(p=deck.path), min_position=deck.position) for p in paths)
            )
            assert seen[0]["id"] == seen[2]["items"][0]["id"] == deck.id, n
            assert seen[3]["items"] == [seen[1]]
        assert (await stats(system, url, admin))["reads"] > 10

        # The replica stands still: who asks for a position is answered by the primary, in time.
        async with replica.paused():
            for n in range(5):
                await deck.change("rename-project", title=f"Title {n}")
                begin = time.monotonic()
                seen = await asyncio.gather(
                    *(there.see(p.format(p=deck.path), min_position=deck.position) for p in paths)
                )
                assert seen[0]["title"] == f"Title {n}"
                assert [i["title"] for i in seen[2]["items"] if i["id"] == deck.id] == [f"Title {n}"]
                assert time.monotonic() - begin < 1.9

            # Who never asks does not stay behind for long either.
            async def listed() -> bool:
                items = (await there.see("/api/projects"))["items"]
                return any(i["title"] == "Title 4" for i in items)

            await eventually(listed, 3)
            assert (await stats(system, url, admin))["away"]
        await eventually(used)

        # It is gone, while its readers are many: nobody notices, but for the time it takes.
        replica.stop()
        for n in range(5):
            await deck.change("rename-project", title=f"Alone {n}")
            seen = await asyncio.gather(
                *(there.see(p.format(p=deck.path), min_position=deck.position) for p in paths)
            )
            assert seen[0]["title"] == f"Alone {n}"
        assert (await stats(system, url, admin))["away"]
        await replica.start()
        await eventually(used, 30)


async def test_a_right_that_was_taken_away_is_gone_though_the_replica_stands_still(
    settings: Settings, replica: Replica
) -> None:
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(system_on(settings))
        await stack.enter_async_context(working(settings))
        url = await stack.enter_async_context(serving_read(replica.settings(settings)))
        ada, grace = system.person(), system.person()
        deck = await ada.deck()
        position = await deck.grant(grace, "viewer")
        there = grace.at(system.reading(url))
        await there.see(deck.path, min_position=position)
        async with replica.paused():
            await deck.revoke(grace)

            async def gone() -> bool:
                one = await there.get(deck.path)
                many = (await there.see("/api/projects"))["items"]
                return one.status_code == 404 and many == []

            await eventually(gone, 1.5)
