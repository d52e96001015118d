"""The processes of a deployment, each at an address that it has again after it was killed."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from infra.embedded.health import is_healthy
from infra.embedded.ports import free_port
from infra.embedded.process import GuardedProcess, spawn
from infra.settings import Settings

ROOT = Path(__file__).parents[3]
START, STOP, LOOK = 60.0, 20.0, 0.05


class NotWell(Exception):
    """A process does not come back."""


class Served:
    """One process of `decklog serve`."""

    def __init__(self, kind: str, settings: Settings, folder: Path, number: int = 0) -> None:
        self.name = f"{kind} {number}" if number else kind
        self.starts = 0
        self._kind = kind
        self._env = environment(settings)
        self._folder = folder
        self._port = free_port()
        self._process: GuardedProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        return self._folder / f"{self.name.replace(' ', '-')}.log"

    async def start(self) -> None:
        """Start it, and wait until it is well.

        Raises:
            NotWell: it is not within a minute.
        """
        self.starts += 1
        argv = [sys.executable, "-m", "workers.cli", "serve", self._kind]
        if self._kind != "workers":
            argv += ["--port", str(self._port)]
        self._process = await spawn(
            argv, env=self._env, log=self.log, death_signal=signal.SIGKILL, folder=ROOT
        )
        if self._kind == "workers":
            return
        deadline = time.monotonic() + START
        while not await is_healthy(f"{self.url}/api/health/live"):
            if self._process.exit_code is not None or time.monotonic() > deadline:
                raise NotWell(f"{self.name}: {self._process.exit_code}")
            await asyncio.sleep(LOOK)

    async def end(self, *, kill: bool) -> None:
        """Kill -9, or ask it to end and wait until it has."""
        if self._process is not None:
            await self._process.end((signal.SIGKILL if kill else signal.SIGTERM, STOP))
            self._process = None

    def pause(self, *, on: bool) -> None:
        """Stop it in the middle of whatever it does, or let it go on."""
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(self._process.pid).send_signal(signal.SIGSTOP if on else signal.SIGCONT)


def environment(settings: Settings) -> Mapping[str, str]:
    """Return the whole environment of such a process."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.dsn,
        "REDIS_URL": str(settings.redis_url),
        "JWT_SECRET": settings.jwt_secret,
        "PERSON_KEY_SECRET": settings.sealing_secret,
        "DB_POOL_MIN": "8",
        "DB_POOL_MAX": "64",
        "DB_PROCESSES": "4",
        "WS_DRAIN_MS": "1000",
        "LOG_LEVEL": "WARNING",
    }
