import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.backoff import Backoff
from infra.embedded.errors import EmbeddedError
from infra.embedded.logs import ROTATE_BYTES
from infra.embedded.ports import free_port
from infra.embedded.supervisor import ChildSpec, Supervisor

Eventually = Callable[[Callable[[], Any], float], Awaitable[float]]
IsRunning = Callable[[int], bool]


def child(
    name: str, program: str, env: Mapping[str, str] | None = None, health_url: str | None = None
) -> ChildSpec:
    return ChildSpec(name, [sys.executable, "-c", program], env or {}, health_url)


SLEEP = "import time; time.sleep(600)"


async def test_a_child_that_dies_is_started_again_and_both_are_said(
    tmp_path: Path, announced: list[str], eventually: Eventually
) -> None:
    supervisor = Supervisor(
        [child("a", SLEEP), child("b", SLEEP)], announced.append, log_dir=tmp_path / "logs"
    )
    await supervisor.start()
    before = supervisor.pids
    os.kill(before["a"], signal.SIGKILL)
    await eventually(lambda: supervisor.pids.get("a") not in {None, before["a"]}, 5)
    await supervisor.wait_healthy(10)
    assert supervisor.pids["b"] == before["b"]
    assert announced == [
        f"a (pid {before['a']}) was killed by SIGKILL: starting it again in 0.2 s",
        f"a was started again (pid {supervisor.pids['a']})",
    ]
    await supervisor.stop()
    assert supervisor.pids == {}


async def test_a_child_that_keeps_dying_is_named_with_its_last_words(
    tmp_path: Path, announced: list[str]
) -> None:
    specs = [child("fine", SLEEP), child("broken", "import sys; sys.exit('no such database')")]
    supervisor = Supervisor(specs, announced.append, log_dir=tmp_path)
    await supervisor.start()
    with pytest.raises(
        EmbeddedError, match=r"(?s)broken died 3 times \(ended with exit code 1\).*no such database"
    ):
        await supervisor.wait_healthy(20)
    assert [line.split()[-2] for line in announced if "starting it again" in line] == ["0.2", "0.4", "0.8"]
    await supervisor.stop()


async def test_a_command_that_does_not_exist_is_named(tmp_path: Path, announced: list[str]) -> None:
    supervisor = Supervisor(
        [ChildSpec("ghost", ["/no/such/program"], {}, None)], announced.append, log_dir=tmp_path
    )
    await supervisor.start()
    with pytest.raises(
        EmbeddedError, match=r"(?s)ghost died 3 times \(ended with exit code 127\).*No such file"
    ):
        await supervisor.wait_healthy(20)
    await supervisor.stop()


async def test_health_is_asked_over_http(tmp_path: Path, announced: list[str]) -> None:
    ready = tmp_path / "ready"
    port = free_port()
    server = (
        "import http.server, pathlib, sys\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        f"        ok = self.path == '/api/health?x=1' and pathlib.Path({str(ready)!r}).exists()\n"
        "        self.send_response(200 if ok else 503); self.end_headers()\n"
        f"http.server.HTTPServer(('127.0.0.1', {port}), Handler).serve_forever()\n"
    )
    spec = child("api", server, health_url=f"http://127.0.0.1:{port}/api/health?x=1")
    supervisor = Supervisor([spec], announced.append, log_dir=tmp_path)
    await supervisor.start()
    with pytest.raises(EmbeddedError, match=r"api was not well within 1 s"):
        await supervisor.wait_healthy(1)
    ready.touch()
    await supervisor.wait_healthy(10)
    await supervisor.stop()
    assert announced == []


async def test_a_child_has_the_environment_that_it_was_given(
    tmp_path: Path, announced: list[str], eventually: Eventually
) -> None:
    program = f"import os, pathlib; pathlib.Path({str(tmp_path / 'env')!r}).write_text(repr(sorted(os.environ))); {SLEEP}"
    supervisor = Supervisor([child("a", program, {"DECK": "log"})], announced.append, log_dir=tmp_path)
    await supervisor.start()
    await eventually(lambda: (tmp_path / "env").exists() and (tmp_path / "env").read_text(), 10)
    await supervisor.stop()
    # Python itself adds LC_CTYPE when there is no locale.
    assert set(eval((tmp_path / "env").read_text())) - {"LC_CTYPE"} == {"DECK"}  # noqa: S307 - our own list


async def test_the_stubborn_are_killed_after_the_grace_with_their_children(
    tmp_path: Path,
    announced: list[str],
    is_running: IsRunning,
    eventually: Eventually,
) -> None:
    program = (
        "import pathlib, signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(subprocess.Popen(['/bin/sleep', '600']).pid))\n"
        "time.sleep(600)"
    )
    supervisor = Supervisor([child("deaf", program)], announced.append, log_dir=tmp_path, grace=0.5)
    await supervisor.start()
    await eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), 10)
    pids = [supervisor.pids["deaf"], int((tmp_path / "pid").read_text())]
    begin = time.monotonic()
    await supervisor.stop()
    assert 0.4 < time.monotonic() - begin < 5
    await eventually(lambda: not any(is_running(pid) for pid in pids), 2)


async def test_run_until_ends_with_the_event(tmp_path: Path, announced: list[str]) -> None:
    supervisor = Supervisor([child("a", SLEEP)], announced.append, log_dir=tmp_path)
    await supervisor.start()
    stop = asyncio.Event()
    running = asyncio.create_task(supervisor.run_until(stop))
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 5)
    await supervisor.stop()


async def test_a_big_log_moves_aside_at_the_start(tmp_path: Path, announced: list[str]) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * (ROTATE_BYTES + 1))
    supervisor = Supervisor(
        [child("a", f"print('new', flush=True); {SLEEP}")], announced.append, log_dir=tmp_path
    )
    await supervisor.start()
    await supervisor.wait_healthy(10)
    await supervisor.stop()
    assert (tmp_path / "a.log.1").stat().st_size == ROTATE_BYTES + 1
    assert log.read_text() == "new\n"


def test_delays_double_up_to_ten_seconds() -> None:
    backoff, eager = Backoff(), Backoff(at_once_first=True)
    assert [backoff.died() for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert [eager.died() for _ in range(3)] == [0.0, 0.2, 0.4]
    assert [Backoff(longest=0.1).died() for _ in range(2)] == [0.1, 0.1]


def test_delays_start_over_after_a_long_enough_life() -> None:
    backoff = Backoff(settled=0.0)
    assert [backoff.died() for _ in range(3)] == [0.2, 0.2, 0.2]
