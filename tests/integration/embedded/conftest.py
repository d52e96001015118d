import asyncio
import json
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

import infra
from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers

Up = Callable[..., AbstractContextManager["RunningUp"]]

REPOSITORY = Path(infra.__file__).parent.parent
PACKAGES = Path(psycopg.__file__).parent.parent


@contextmanager
def open_place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="decklog-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account may pass through; pytest's own are closed."""
    with open_place() as path:
        yield path


@pytest.fixture
def announced() -> list[str]:
    return []


@pytest.fixture(scope="session")
def worn_path() -> Iterator[Path]:
    """A data folder that tests use in turn: making a new cluster would be most of their time."""
    with open_place() as path:
        yield path / ".decklog"


@pytest.fixture
def used(worn_path: Path) -> Path:
    """The shared data folder, stopped, with its logs empty."""
    shutil.rmtree(worn_path / "logs", ignore_errors=True)
    return worn_path


@pytest.fixture
def folder(used: Path) -> Iterator[DataFolder]:
    with DataFolder.open(used) as opened:
        yield opened


@dataclass
class Served:
    folder: DataFolder
    servers: EmbeddedServers
    announced: list[str]


@pytest.fixture(scope="session")
async def served() -> AsyncIterator[Served]:
    """Servers that tests share which leave them running, and as they were."""
    announced: list[str] = []
    with open_place() as path, DataFolder.open(path / ".decklog") as opened:
        async with EmbeddedServers(opened, announced.append) as running:
            yield Served(opened, running, announced)


@pytest.fixture
def is_running() -> Callable[[int], bool]:
    def ask(pid: int) -> bool:
        """A zombie has ended, whether or not its parent has looked."""
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return state.stdout.strip()[:1] not in {"", "Z", "X"}

    return ask


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any], float], Awaitable[float]]:
    async def wait(condition: Callable[[], Any], seconds: float) -> float:
        """Ask until the condition (a function, or one that gives an awaitable) holds; return the seconds it took."""
        begin = time.monotonic()
        while True:
            answer = condition()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return time.monotonic() - begin
            assert time.monotonic() - begin < seconds, f"not within {seconds} s"
            await asyncio.sleep(0.01)

    return wait


@dataclass
class RunningUp:
    process: subprocess.Popen[str]
    facts: dict[str, Any]
    announced: list[str]

    @property
    def pids(self) -> list[int]:
        return [int(pid) for pid in self.facts["pids"]]


@pytest.fixture
def up() -> Up:
    """Runs program_up.py in a process group of its own until it is ready, and ends it."""

    @contextmanager
    def run(
        path: Path,
        elsewhere: Path,
        *,
        user: int | None = None,
        python: str = sys.executable,
        library: Path = REPOSITORY,
    ) -> Iterator[RunningUp]:
        ours = library == REPOSITORY
        script = (Path(__file__).parent if ours else library) / "program_up.py"
        search = f"{library}:{PACKAGES}" if ours else str(library)
        process = subprocess.Popen(
            [python, str(script), str(path), str(elsewhere)],
            env={"PYTHONPATH": search, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            user=user,
            group=None if user is None else pwd.getpwuid(user).pw_gid,
            extra_groups=None if user is None else [],
        )
        assert process.stdout is not None
        assert process.stderr is not None
        announced = []
        try:
            while "pid" not in (said := json.loads(process.stdout.readline() or '{"pid": 0}')):
                announced.append(said["announce"])
            if not said["pid"]:
                pytest.fail(f"did not start: {process.stderr.read()}")
            yield RunningUp(process, said, announced)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(30)
            process.stdout.close()
            process.stderr.close()

    return run
