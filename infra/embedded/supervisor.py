"""Run the processes of `decklog up`, each on its own, and bring back what dies."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.backoff import Backoff
from infra.embedded.errors import EmbeddedError
from infra.embedded.files import make_folder
from infra.embedded.health import is_healthy
from infra.embedded.logs import tail
from infra.embedded.process import GuardedProcess, describe_exit, spawn

GRACE_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05
# A process without a health address counts as well when it has lived that long: imports have gone through.
_ALIVE_SECONDS = 1.0
_HOPELESS_DEATHS = 3


@dataclass(frozen=True)
class ChildSpec:
    """A process to run; `env` is its complete environment, `health_url` answers 200 when it is well."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    health_url: str | None


class _Child:
    """One process through all its lives."""

    def __init__(self, spec: ChildSpec, announce: Callable[[str], None], log: Path) -> None:
        self.spec = spec
        self.log = log
        self.deaths = 0
        self.last_end = ""
        self._announce = announce
        self._backoff = Backoff()
        self._process: GuardedProcess | None = None
        self._born = 0.0

    @property
    def pid(self) -> int | None:
        if self._process is None or self._process.exit_code is not None:
            return None
        return self._process.pid

    async def start(self) -> None:
        self._process = await spawn(
            self.spec.argv, env=self.spec.env, log=self.log, death_signal=signal.SIGTERM
        )
        self._born = time.monotonic()
        self._backoff.born()

    async def keep_alive(self) -> None:
        """Start it again each time it dies, until cancelled."""
        while self._process is not None:
            pid = self._process.pid
            self.last_end = describe_exit(await self._process.wait())
            self.deaths += 1
            delay = self._backoff.died()
            self._announce(
                f"{self.spec.name} (pid {pid}) {self.last_end}: starting it again in {delay:.1f} s"
            )
            await asyncio.sleep(delay)
            await self._start_again()
            self._announce(f"{self.spec.name} was started again (pid {self._process.pid})")

    async def _start_again(self) -> None:
        while True:
            try:
                return await self.start()
            except OSError as error:  # no memory, no process numbers, a full disk: these pass
                delay = self._backoff.died()
                self._announce(f"{self.spec.name} cannot be started, trying again in {delay:.1f} s: {error}")
                await asyncio.sleep(delay)

    async def is_well(self) -> bool:
        if self.pid is None:
            return False
        if self.spec.health_url is None:
            return time.monotonic() - self._born >= _ALIVE_SECONDS
        return await is_healthy(self.spec.health_url)

    async def stop(self, grace: float) -> None:
        if self._process is not None:
            await self._process.end((signal.SIGTERM, grace))
            self._process = None


class Supervisor:
    """Starts processes, restarts them with backoff when they die, and stops them all."""

    def __init__(
        self,
        specs: Iterable[ChildSpec],
        announce: Callable[[str], None],
        *,
        log_dir: Path,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """Describe the processes; nothing happens before `start`.

        Args:
            specs: The processes, each with a name of its own.
            announce: Told, in a line each, of deaths and restarts.
            log_dir: The folder where the output of a process goes into `NAME.log`.
            grace: Seconds between SIGTERM and SIGKILL when they are stopped.
        """
        self._log_dir = log_dir
        self._grace = grace
        self._children = [_Child(spec, announce, log_dir / f"{spec.name}.log") for spec in specs]
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of those that are alive, by name."""
        return {child.spec.name: child.pid for child in self._children if child.pid is not None}

    async def start(self) -> None:
        """Start every process, and watch over them from then on.

        Call it on the main thread's event loop: the processes end with the thread that started them.
        """
        make_folder(self._log_dir, 0o700)
        try:
            for child in self._children:
                await child.start()
        except BaseException:
            await self.stop()
            raise
        self._keepers = [asyncio.create_task(child.keep_alive()) for child in self._children]

    async def wait_healthy(self, timeout: float) -> None:  # noqa: ASYNC109 - the error names who was late
        """Wait until every process answers its health address, or has lived 1 s if it has none.

        Args:
            timeout: Seconds to wait.

        Raises:
            EmbeddedError: A process died three times meanwhile, or was not well in time; the text names it, with
                the end of its log.
        """
        deadline = time.monotonic() + timeout
        waiting = list(self._children)
        earlier = {child.spec.name: child.deaths for child in waiting}
        while waiting:
            wells = await asyncio.gather(*(child.is_well() for child in waiting))
            waiting = [child for child, well in zip(waiting, wells, strict=True) if not well]
            for child in waiting:
                deaths = child.deaths - earlier[child.spec.name]
                if deaths >= _HOPELESS_DEATHS:
                    raise EmbeddedError(
                        f"{child.spec.name} died {deaths} times ({child.last_end}){_said(child)}"
                    )
                if time.monotonic() >= deadline:
                    raise EmbeddedError(f"{child.spec.name} was not well within {timeout:g} s{_said(child)}")
            if waiting:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def run_until(self, stop: asyncio.Event) -> None:
        """Watch until an event is set; call `stop` afterwards.

        Raises:
            Exception: What ended the watching, which nothing is meant to do.
        """
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([told, *self._keepers], return_when=asyncio.FIRST_COMPLETED)
            for keeper in self._keepers:
                if keeper.done():
                    keeper.result()
        finally:
            told.cancel()
            with suppress(asyncio.CancelledError):
                await told

    async def stop(self) -> None:
        """Send SIGTERM to all at once, give them the grace (10 s), kill the rest; none is left afterwards."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        await asyncio.gather(*(child.stop(self._grace) for child in self._children))


def _said(child: _Child) -> str:
    last = tail(child.log)
    return f"; {child.log} ends:\n{last}" if last else f"; {child.log} is empty"
