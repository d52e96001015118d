"""Starting, stopping, and doing it wrong."""

import subprocess
from pathlib import Path

import httpx
import psutil

from tests.e2e.conftest import DECKLOG, Service, start


def test_a_second_up_on_the_same_folder_gets_a_clear_error(service: Service) -> None:
    second = subprocess.run(
        [DECKLOG, "up", "--write-port", "28931", "--read-port", "28932"],
        cwd=service.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert "is in use by another `decklog up`" in second.stderr


def test_a_taken_port_is_named(service: Service, tmp_path: Path) -> None:
    port = service.write_url.rsplit(":", 1)[1]
    second = subprocess.run(
        [DECKLOG, "up", "--write-port", port, "--data-dir", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert f"port {port} (write API) is taken" in second.stderr
    assert not (tmp_path / "other").exists()


def test_verbs_without_a_running_service_say_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [DECKLOG, "events", "show"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "decklog up" in done.stderr


def test_what_was_written_survives_a_restart_and_nothing_is_left_running(folder: Path) -> None:
    other = folder / "again"
    other.mkdir()
    first = start(other)
    ada = first.user("ada")
    project, _, (block,) = ada.deck("kept")
    sample = first.told["project_id"]
    processes = [psutil.Process(first.process.pid), *first.descendants().values()]
    assert first.stop() == 0
    assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    second = start(other)
    try:
        assert second.told["project_id"] == sample
        again = second.user("ada").get(f"/projects/{project}/blocks/{block}")
        assert again.json()["content"] == {"text": "kept"}
    finally:
        assert second.stop() == 0


def test_killing_up_leaves_nothing_running(folder: Path) -> None:
    other = folder / "killed"
    other.mkdir()
    running = start(other)
    below = list(running.descendants().values())
    assert len(below) >= 5
    running.process.kill()
    running.stop()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert not [(p.pid, p.cmdline()) for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_health_and_openapi_need_no_token(service: Service) -> None:
    for base in (service.write_url, service.read_url):
        assert httpx.get(f"{base}/api/health").json()["status"] == "ok"
        assert "/api/health" in httpx.get(f"{base}/openapi.json").json()["paths"]
