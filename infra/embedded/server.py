"""What PostgreSQL and Valkey have in common: a place, a port, a start that is also a restart, an end."""

import asyncio
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from infra.embedded.errors import EmbeddedError
from infra.embedded.files import make_folder
from infra.embedded.folder import DataFolder
from infra.embedded.logs import tail
from infra.embedded.ports import free_port, port_is_free, require_free
from infra.embedded.process import GuardedProcess, describe_exit, spawn

# Nothing of the environment we were started with reaches a server.
MINIMAL_ENV: Mapping[str, str] = MappingProxyType({"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})

_READY_SECONDS = 60.0  # a crash recovery is part of it
_ASK_SECONDS = 0.02
_PORT_CHOICES = 5
# sockaddr_un holds 108 bytes on Linux and 104 on macOS, with a closing zero.
_SOCKET_PATH_BYTES = 103


class EmbeddedServer(ABC):
    """A server in a data folder, started and stopped by its methods only."""

    title: ClassVar[str]
    key: ClassVar[str]
    death_signal: ClassVar[signal.Signals]
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]]

    def __init__(self, folder: DataFolder, *, port: int | None = None) -> None:
        """Describe a server; nothing happens before `start`.

        Args:
            folder: The locked data folder.
            port: Where to listen on the loopback; None is the port of the last time, or a free one.
        """
        self._folder = folder
        self._fixed_port = port
        self._listening_port: int | None = None
        self._process: GuardedProcess | None = None

    @property
    def port(self) -> int:
        """The TCP port on the loopback.

        Raises:
            EmbeddedError: The server was never started.
        """
        if self._listening_port is None:
            raise EmbeddedError(f"{self.title} was not started")
        return self._listening_port

    @property
    def pid(self) -> int:
        """The process id of the server; of the one that died, until it is started again.

        Raises:
            EmbeddedError: The server does not run.
        """
        return self._running.pid

    async def start(self) -> None:
        """Start the server and wait until it answers; after its death, start it again on the same port.

        Whatever an earlier life left running is ended first.

        Raises:
            EmbeddedError: It cannot start; the text says why, a taken port is named.
        """
        make_folder(self._place, 0o700 if self._folder.home.account is None else 0o711)
        make_folder(self._place / "run", 0o700, self._folder.home.account)
        await self._end_leftovers()
        await self._prepare()
        for _ in range(_PORT_CHOICES):
            port = self._choose_port()
            self._configure(port)
            if await self._launch(port):
                # Whoever was told the address keeps it: from now on it does not change any more.
                self._fixed_port = self._listening_port = port
                self._folder.remember_port(self.key, port)
                return
        raise EmbeddedError(f"{self.title} found every port taken that it chose")

    async def wait(self) -> int:
        """Wait for the end of the server's process; return its exit code, negative for a signal."""
        return await self._running.wait()

    async def stop(self) -> None:
        """Stop the server, politely and then less so; nothing of it is left afterwards."""
        if self._process is None:
            return
        await self._process.end(*self.stop_steps)
        self._process = None
        await self._end_leftovers()

    @property
    def _running(self) -> GuardedProcess:
        if self._process is None:
            raise EmbeddedError(f"{self.title} does not run")
        return self._process

    @property
    def _place(self) -> Path:
        return self._folder.home.path / self.key

    @property
    def _data(self) -> Path:
        return self._place / "data"

    def _socket(self, name: str) -> Path | None:
        """Place a Unix socket, unless its path is too long or means something in a configuration file."""
        path = self._place / "run" / name
        usable = len(os.fsencode(path)) <= _SOCKET_PATH_BYTES and not set(str(path)) & set("\"',\\\n")
        return path if usable else None

    def _choose_port(self) -> int:
        if self._fixed_port is not None:
            require_free(self._fixed_port, self.title)
            return self._fixed_port
        last = self._folder.remembered_port(self.key)
        return last if last is not None and port_is_free(last) else free_port()

    async def _launch(self, port: int) -> bool:
        """Run the program until it answers; False when another program was faster to take the port."""
        log = self._folder.log(self.key)
        written = log.stat().st_size if log.exists() else 0
        process = await spawn(
            self._command(),
            env=MINIMAL_ENV,
            log=log,
            death_signal=self.death_signal,
            account=self._folder.home.account,
            folder=Path("/"),
        )
        try:
            ready = await self._answers(process, port)
        except BaseException:
            await process.end(*self.stop_steps)
            raise
        if ready:
            self._process = process
            return True
        if not port_is_free(port):
            if port == self._fixed_port:
                require_free(port, self.title)
            return False
        how = describe_exit(await process.wait())
        raise EmbeddedError(f"{self.title} {how} while it started; {log} says:\n{tail(log, since=written)}")

    async def _answers(self, process: GuardedProcess, port: int) -> bool:
        deadline = time.monotonic() + _READY_SECONDS
        while process.exit_code is None:
            if await self._is_ready(port):
                return True
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.title} did not answer within {_READY_SECONDS:.0f} s: see {self._folder.log(self.key)}"
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(_ASK_SECONDS):
                    await process.wait()
        return False

    async def _prepare(self) -> None:
        """Make what the server needs before its first start."""
        make_folder(self._data, 0o700, self._folder.home.account)

    @abstractmethod
    async def _end_leftovers(self) -> None:
        """End processes of an earlier life in the data folder."""

    @abstractmethod
    def _configure(self, port: int) -> None:
        """Write the configuration file."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Build the command line; it is visible to every user of the machine."""

    @abstractmethod
    async def _is_ready(self, port: int) -> bool:
        """Ask the server, with its password, whether it serves."""
