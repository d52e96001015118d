"""Both embedded servers together, watched and brought back."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

from infra.embedded.backoff import Backoff
from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import DataFolder
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import describe_exit
from infra.embedded.server import EmbeddedServer
from infra.embedded.valkey import EmbeddedValkey

_LONGEST_PAUSE_SECONDS = 0.5
_SETTLED_SECONDS = 1.0


class EmbeddedServers:
    """PostgreSQL and Valkey in a data folder, restarted when they die, for as long as this object runs."""

    def __init__(
        self,
        folder: DataFolder,
        announce: Callable[[str], None],
        *,
        postgres_settings: Mapping[str, str] | None = None,
        valkey_settings: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the servers; nothing happens before `start`.

        Args:
            folder: The locked data folder; its owner closes it after `stop`.
            announce: Told, in a line each, what a person should know.
            postgres_settings: Settings of PostgreSQL that differ from ours.
            valkey_settings: Settings of Valkey that differ from ours.
        """
        self._folder = folder
        self._announce = announce
        self.postgres = EmbeddedPostgres(folder, settings=postgres_settings)
        self.valkey = EmbeddedValkey(folder, settings=valkey_settings)
        self._monitors: list[asyncio.Task[None]] = []

    @property
    def database_url(self) -> str:
        """The address of the database, with its password."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """The address of Valkey, with its password."""
        return self.valkey.url

    @property
    def postgres_pid(self) -> int:
        """The process id of the postmaster."""
        return self.postgres.pid

    @property
    def valkey_pid(self) -> int:
        """The process id of Valkey."""
        return self.valkey.pid

    async def start(self) -> None:
        """Start both at once, and watch them from then on.

        Call it on the main thread's event loop: the servers end with the thread that started them.

        Raises:
            EmbeddedError: One cannot start; the other is stopped again.
        """
        notice = self._folder.home.notice
        if notice is not None:
            self._announce(notice)
        try:
            results = await asyncio.gather(self.postgres.start(), self.valkey.start(), return_exceptions=True)
            _raise_first(results)
        except BaseException:
            await self.stop()
            raise
        self._monitors = [
            asyncio.create_task(self._monitor(server)) for server in (self.postgres, self.valkey)
        ]

    async def stop(self) -> None:
        """Stop Valkey, then PostgreSQL, which is what everything else leans on."""
        for monitor in self._monitors:
            monitor.cancel()
        await asyncio.gather(*self._monitors, return_exceptions=True)
        self._monitors = []
        try:
            await self.valkey.stop()
        finally:
            await self.postgres.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _monitor(self, server: EmbeddedServer) -> None:
        """Bring a server back each time it dies."""
        # What was killed comes back within 2 s however often it is killed: little of them goes into waiting.
        deaths = Backoff(at_once_first=True, settled=_SETTLED_SECONDS, longest=_LONGEST_PAUSE_SECONDS)
        while True:
            code = await server.wait()
            died = time.monotonic()
            self._announce(f"{server.title} (pid {server.pid}) {describe_exit(code)}: starting it again")
            await asyncio.sleep(deaths.died())
            await self._revive(server)
            deaths.born()
            seconds = time.monotonic() - died
            self._announce(
                f"{server.title} is back after {seconds:.1f} s (pid {server.pid}, port {server.port})"
            )

    async def _revive(self, server: EmbeddedServer) -> None:
        failures = Backoff()
        while True:
            try:
                await server.start()
            # Whatever it was (a full disk, a taken port), giving up would leave the service without its truth.
            except (EmbeddedError, OSError) as error:
                delay = failures.died()
                self._announce(f"{server.title} does not come back, trying again in {delay:.1f} s: {error}")
                await asyncio.sleep(delay)
            else:
                return


def _raise_first(results: Iterable[BaseException | None]) -> None:
    for result in results:
        if result is not None:
            raise result
