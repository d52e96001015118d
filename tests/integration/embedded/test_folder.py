import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import Connections, DataFolder, read_connections

CONNECTIONS = Connections(
    "postgresql://d", "redis://r", "secret", "keys", "http://w", "http://r", os.getpid()
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_closed_and_has_secrets_of_its_own(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path / "a") as one, DataFolder.open(tmp_path / "b" / "c") as two:
        assert mode(one.path) == 0o700
        assert mode(one.path / "secrets.json") == 0o600
        secrets = [
            f.__dict__[name]
            for f in (one, two)
            for name in ("jwt_secret", "person_key_secret", "postgres_password", "valkey_password")
        ]
        assert len(set(secrets)) == 8
        assert min(len(secret) for secret in secrets) >= 32


def test_secrets_stay_the_same(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path / "a") as folder:
        before = folder.jwt_secret, folder.postgres_password, folder.valkey_password
    with DataFolder.open(tmp_path / "a") as folder:
        assert (folder.jwt_secret, folder.postgres_password, folder.valkey_password) == before


def test_secrets_that_are_gone_are_not_made_anew_over_data(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path / "a") as folder:
        (folder.path / "postgres").mkdir()
        (folder.path / "secrets.json").unlink()
    with pytest.raises(EmbeddedError, match="restore it from a backup"):
        DataFolder.open(tmp_path / "a")


def test_a_second_open_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with (
        DataFolder.open(tmp_path / "a"),
        pytest.raises(EmbeddedError, match=rf"a is in use by another `decklog up` \(pid {os.getpid()}\)"),
    ):
        DataFolder.open(tmp_path / "a")
    DataFolder.open(tmp_path / "a").close()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(EmbeddedError, match="is no data folder"):
        DataFolder.open(tmp_path)
    assert mode(tmp_path) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="cannot be used as the data folder"):
        DataFolder.open(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.chown(tmp_path / "a", 65534, 65534)
    with pytest.raises(EmbeddedError, match="belongs to uid 65534"):
        DataFolder.open(tmp_path / "a")


def test_connections_are_read_while_they_hold(tmp_path: Path) -> None:
    with DataFolder.open(tmp_path / "a") as folder:
        folder.publish(CONNECTIONS)
        assert mode(folder.path / "connections.json") == 0o600
        assert read_connections(tmp_path / "a") == CONNECTIONS
    with pytest.raises(EmbeddedError, match=r"no servers run in .*: start them with `decklog up`"):
        read_connections(tmp_path / "a")


def test_connections_of_a_dead_process_do_not_count(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with DataFolder.open(tmp_path / "a") as folder:
        folder.publish(Connections("d", "r", "s", "k", "w", "r", gone.pid))
        with pytest.raises(EmbeddedError, match="no servers run"):
            read_connections(tmp_path / "a")


def test_connections_of_no_folder(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="no servers run"):
        read_connections(tmp_path / "nowhere")
