# ruff: noqa: ASYNC220, ASYNC221 - a test may block the loop that is its own
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import DataFolder
from infra.embedded.orphans import find_processes
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import spawn

Eventually = Callable[[Callable[[], Any], float], Awaitable[float]]
IsRunning = Callable[[int], bool]


def one(url: str, statement: str = "SELECT 1") -> Any:
    with psycopg.connect(url) as connection:
        return (connection.execute(statement).fetchone() or [None])[0]


async def test_nothing_outlives_a_killed_supervisor(
    used: Path, up: Any, is_running: IsRunning, eventually: Eventually
) -> None:
    with up(used, used.parent / "elsewhere") as running:
        assert all(is_running(pid) for pid in running.pids)
        os.kill(running.process.pid, signal.SIGKILL)
        await eventually(lambda: not any(is_running(pid) for pid in running.pids), 10)
    assert "database system is shut down" in (used / "logs" / "postgres.log").read_text()


async def test_a_new_up_right_after_a_kill_takes_over(used: Path, up: Any, is_running: IsRunning) -> None:
    with up(used, used.parent / "elsewhere") as first:
        os.kill(first.process.pid, signal.SIGKILL)
        with up(used, used.parent / "elsewhere") as second:
            assert one(second.facts["database_url"]) == 1
            assert not any(is_running(pid) for pid in first.pids[:2])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_terminals_group_stops_in_order(
    used: Path, up: Any, is_running: IsRunning, number: signal.Signals
) -> None:
    with up(used, used.parent / "elsewhere") as running:
        os.killpg(running.process.pid, number)
        assert running.process.wait(20) == 0
        assert not any(is_running(pid) for pid in running.pids)
        # Nothing died before its time, which would have been announced.
        assert running.process.stdout.read() == ""


async def test_a_second_up_is_refused_clearly(used: Path, up: Any) -> None:
    with up(used, used.parent / "elsewhere") as running:
        with pytest.raises(
            EmbeddedError, match=rf"in use by another `decklog up` \(pid {running.process.pid}\)"
        ):
            DataFolder.open(used)
        assert one(running.facts["database_url"]) == 1


async def test_orphaned_backends_of_an_earlier_life_are_ended(
    folder: DataFolder, is_running: IsRunning, eventually: Eventually
) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    busy = await psycopg.AsyncConnection.connect(server.url, autocommit=True)
    spinning = asyncio.create_task(busy.execute("SELECT count(*) FROM generate_series(1, 1000000000)"))
    backend = busy.info.backend_pid
    active = f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {backend} AND state = 'active')"
    await eventually(lambda: one(server.url, active), 5)
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    assert is_running(backend)
    again = EmbeddedPostgres(folder)
    await again.start()
    with pytest.raises(psycopg.OperationalError):
        await spinning
    await busy.close()
    assert not is_running(backend)
    await again.stop()


async def test_a_live_orphan_is_ended_before_the_start(folder: DataFolder, is_running: IsRunning) -> None:
    orphan = EmbeddedPostgres(folder)
    await orphan.start()
    pid = orphan.pid
    again = EmbeddedPostgres(folder)
    await again.start()
    assert await orphan.wait() == 0
    assert not is_running(pid)
    assert again.pid != pid
    await again.stop()


async def test_a_foreign_process_in_the_data_folder_is_left_alone(folder: DataFolder) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    await server.stop()
    foreign = subprocess.Popen(["sleep", "60"], cwd=folder.path / "postgres" / "data")
    try:
        assert find_processes(folder.path / "postgres" / "data", folder.home.programs.postgres) == []
        await server.start()
        await server.stop()
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


async def test_without_a_kernel_that_watches_a_pipe_does(
    tmp_path: Path, is_running: IsRunning, eventually: Eventually
) -> None:
    program = (
        "import asyncio, signal, sys; from pathlib import Path; from infra.embedded.process import spawn\n"
        "async def main():\n"
        f"    child = await spawn(['sleep', '600'], env={{'PATH': '/usr/bin:/bin'}}, log=Path({str(tmp_path / 'log')!r}),"
        " death_signal=signal.SIGTERM, kernel_watches=False)\n"
        "    print(child.pid, flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert supervisor.stdout is not None
    with supervisor, supervisor.stdout:
        child = int(supervisor.stdout.readline())
        await eventually(
            lambda: (
                "sleep"
                in subprocess.run(
                    ["ps", "-o", "args=", "-p", str(child)], capture_output=True, text=True, check=False
                ).stdout.split(" ")[0]
            ),
            5,
        )
        supervisor.kill()
        await eventually(lambda: not is_running(child), 5)


async def test_the_watcher_ends_with_what_it_watches(
    tmp_path: Path, is_running: IsRunning, eventually: Eventually
) -> None:
    child = await spawn(
        ["sleep", "0.2"],
        env={"PATH": "/usr/bin:/bin"},
        log=tmp_path / "log",
        death_signal=signal.SIGTERM,
        kernel_watches=False,
    )
    shown = subprocess.run(
        ["ps", "-axo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    family = [int(line.split()[0]) for line in shown if f"guard.py exec {os.getpid()} " in line]
    assert await child.wait() == 0
    await eventually(lambda: not any(is_running(pid) for pid in family), 5)
