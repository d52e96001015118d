"""The command: against a service of its own, or one that runs on this machine.

    python -m tests.load --users 200 --seconds 30
    python -m tests.load --users 10000 --seconds 120 --ramp 60 --data-dir .decklog

Load goes to this machine alone.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from infra.embedded.folder import Connections, read_connections
from infra.embedded.ports import free_port
from infra.http.auth import issue
from tests.load.people import Place, Plan, work

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE = 60.0


@contextmanager
def service(folder: Path) -> Iterator[Connections]:
    """Start a service of its own, without rate limits: all these people have one address."""
    ports = ["--write-port", str(free_port()), "--read-port", str(free_port())]
    argv = [sys.executable, "-m", "workers.cli", "up", "--json", "--data-dir", str(folder / "data"), *ports]
    environment = {**os.environ, "RATE_LIMIT_ENABLED": "false"}
    for name in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET", "PERSON_KEY_SECRET"):
        environment.pop(name, None)
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
        )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise SystemExit((folder / "up.log").read_text("utf-8"))
        yield read_connections(folder / "data")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def place_of(found: Connections) -> Place:
    """Return where a service is, and a maker of tokens for it."""
    for url in (found.write_url, found.read_url):
        if urlsplit(url).hostname not in LOOPBACK:
            raise SystemExit(f"{url} is not on this machine")

    def token(user: str) -> str:
        return issue(found.jwt_secret, user, now=time.time(), ttl=86_400, tier="enterprise")

    return Place(found.write_url, found.read_url, token)


def main() -> None:
    """Run it; status 1 if something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="People at work on a service.")
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--ramp", type=float, default=5, help="seconds over which they come")
    parser.add_argument("--together", type=int, default=5, help="people with one deck")
    parser.add_argument("--think", type=float, default=2, help="mean seconds between two things one does")
    parser.add_argument("--data-dir", type=Path, help="of a service that runs; by default one is started")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    # Ended from outside it ends its service too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = Plan(asked.users, asked.seconds, asked.together, asked.think, asked.ramp)
    if asked.data_dir is not None:
        findings = asyncio.run(work(place_of(read_connections(asked.data_dir)), plan))
    else:
        with tempfile.TemporaryDirectory(prefix="dl-load-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o755)
            with service(folder) as found:
                findings = asyncio.run(work(place_of(found), plan))
    print(json.dumps(findings.document()) if asked.json else "\n".join(findings.lines()))
    sys.exit(0 if findings.good else 1)


if __name__ == "__main__":
    main()
