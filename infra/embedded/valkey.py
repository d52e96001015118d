"""The embedded Valkey."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

from infra.embedded.errors import EmbeddedError
from infra.embedded.files import write_file
from infra.embedded.folder import DataFolder
from infra.embedded.orphans import end_processes, find_processes
from infra.embedded.ports import LOOPBACK
from infra.embedded.server import EmbeddedServer

_STOP_SECONDS = 10.0
_ANSWER_SECONDS = 2.0
_SETTINGS: Mapping[str, str] = {
    "bind": LOOPBACK,
    "protected-mode": "yes",
    "daemonize": "no",
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    # Only what has a time to live may be pushed out: queues and streams have none.
    "maxmemory": "512mb",
    "maxmemory-policy": "volatile-lru",
    "tcp-keepalive": "60",
}


class EmbeddedValkey(EmbeddedServer):
    """Valkey on the loopback, with a password and an append-only file synced each second."""

    title: ClassVar[str] = "Valkey"
    key: ClassVar[str] = "valkey"
    death_signal: ClassVar[signal.Signals] = signal.SIGTERM
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]] = ((signal.SIGTERM, _STOP_SECONDS),)

    def __init__(
        self, folder: DataFolder, *, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """Describe a server; nothing happens before `start`.

        Args:
            folder: The locked data folder.
            port: Where to listen on the loopback; None is the port of the last time, or a free one.
            settings: Server settings that differ from ours, as `valkey.conf` has them.
        """
        super().__init__(folder, port=port)
        self._settings = dict(settings or {})

    @property
    def url(self) -> str:
        """The address of database 0, with the password."""
        return f"redis://:{self._folder.valkey_password}@{LOOPBACK}:{self.port}/0"

    async def _end_leftovers(self) -> None:
        program = self._folder.home.programs.valkey
        leaders = find_processes(self._data, program)
        await end_processes(self._data, program, leaders, signal.SIGTERM, _STOP_SECONDS)

    def _configure(self, port: int) -> None:
        settings = {**_SETTINGS, **self._settings, "port": str(port), "dir": _quoted(str(self._data))}
        settings["requirepass"] = _quoted(self._folder.valkey_password)
        socket = self._socket("valkey.sock")
        if socket is not None:
            settings |= {"unixsocket": _quoted(str(socket)), "unixsocketperm": "700"}
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        # A file, for a command line with the password in it could be read by every user of the machine.
        write_file(self._place / "valkey.conf", text, owner=self._folder.home.account)

    def _command(self) -> list[str]:
        return [str(self._folder.home.programs.valkey), str(self._place / "valkey.conf")]

    async def _is_ready(self, port: int) -> bool:
        # Three words of its protocol, where a client library would bring pools and retries of its own.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(LOOPBACK, port)
                try:
                    writer.write(f"AUTH {self._folder.valkey_password}\r\nPING\r\n".encode())
                    answers = [await reader.readline(), await reader.readline()]
                finally:
                    writer.close()
            if answers[0].startswith(b"-WRONGPASS"):
                raise EmbeddedError(
                    f"port {port} (Valkey) is answered by another server with another password"
                )
            return answers[1].startswith(b"+PONG")
        return False


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
