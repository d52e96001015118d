"""A whole Decklog, as `decklog up` starts it, in a temporary folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from infra.embedded.ports import free_port

DECKLOG = str(Path(sys.executable).with_name("decklog"))
START = 60


@dataclass
class Service:
    """One running `decklog up`."""

    folder: Path
    process: subprocess.Popen[str]
    told: dict[str, str]
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def write_url(self) -> str:
        return self.told["write_url"]

    @property
    def read_url(self) -> str:
        return self.told["read_url"]

    def cli(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DECKLOG, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60, check=check
        )

    def token(self, user: str, *more: str) -> str:
        return self.cli("token", "--user", user, *more).stdout.strip()

    def user(self, name: str) -> "User":
        # Tests write faster than people do: a paying user's edits are not limited.
        token = self.token(name, "--tier", "pro")
        client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.clients.append(client)
        return User(self, name, client)

    def descendants(self) -> dict[str, psutil.Process]:
        """The processes below `decklog up`, by what they are."""
        found: dict[str, psutil.Process] = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            words = child.cmdline()
            if "serve" in words:
                found[words[words.index("serve") + 1]] = child
            elif words and Path(words[0]).name == "postgres":
                found["postgres"] = child
            elif words and "valkey" in Path(words[0]).name:
                found["valkey"] = child
        return found

    def stop(self) -> int:
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return code


@dataclass
class User:
    """Somebody who uses the public contract."""

    service: Service
    name: str
    http: httpx.Client

    def post(self, name: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.http.post(f"{self.service.write_url}/api/commands/{name}", json=body, headers=headers)

    def command(self, name: str, **body: Any) -> Any:
        response = self.post(name, body)
        assert response.status_code < 300, response.text
        return response.json()

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(f"{self.service.read_url}/api{path}", params=params)

    def deck(self, *texts: str) -> tuple[str, str, list[str]]:
        project = self.command("create-project", title="A deck")["project_id"]
        slide = self.command("add-block", project_id=project, type="slide", content={"title": "One"})
        slide_id = slide["result"]["block_id"]
        blocks = [
            self.command(
                "add-block", project_id=project, parent_id=slide_id, type="text", content={"text": text}
            )["result"]["block_id"]
            for text in texts
        ]
        return project, slide_id, blocks


def start(folder: Path, *arguments: str) -> Service:
    """Start `decklog up` and wait until it says that it is healthy."""
    environment = {
        k: v
        for k, v in os.environ.items()
        if k not in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET", "PERSON_KEY_SECRET")
    }
    ports = ("--write-port", str(free_port()), "--read-port", str(free_port()))
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            [DECKLOG, "up", "--json", *ports, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(START)
        raise AssertionError(f"`decklog up` ended: {(folder / 'up.log').read_text()}")
    return Service(folder, process, json.loads(line))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path that servers of another account can pass through."""
    made = Path(tempfile.mkdtemp(prefix="dl-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    """A running service, for one module's tests."""
    running = start(folder)
    yield running
    assert running.stop() == 0
