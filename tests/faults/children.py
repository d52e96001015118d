"""Parts seen from outside: started, listened to, stopped, killed by their ids, and never left behind."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.embedded.process import KERNEL_WATCHES, guard_command

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class PartFailed(Exception):
    """A part ended by itself, or says nothing."""


class Child:
    """A running part; `said` is all that it said, the later over the earlier."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.said: dict[str, Any] = {}
        self._process = process
        self._news = asyncio.Event()
        self._ears = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, name: str, module: str, config: dict[str, Any]) -> "Child":
        """Run `tests/faults/parts/<module>.py`; it ends with this process, however that ends."""
        command = [sys.executable, "-m", f"tests.faults.parts.{module}", json.dumps(config)]
        if KERNEL_WATCHES:
            command = guard_command("exec", str(os.getpid()), str(int(signal.SIGKILL)), "-", "-", *command)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL if "quiet" in config else None,
            env={"PATH": os.environ["PATH"]},
            cwd=ROOT,
        )
        return cls(name, process)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.said |= json.loads(line)
            self._news.set()
        await self._process.wait()
        self._news.set()

    async def until(self, key: str, least: int | None = None, patience: float = PATIENCE) -> Any:
        """Wait until it has said something of this name, and of this size.

        Raises:
            PartFailed: it ended before, or took too long.
        """
        try:
            async with asyncio.timeout(patience):
                while key not in self.said or (least is not None and self.said[key] < least):
                    if self._ears.done():
                        raise PartFailed(f"{self.name} ended with {self._process.returncode}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            goal = f"{key} of {least}" if least is not None else key
            raise PartFailed(f"{self.name} has not come to {goal}, it says {self.said}") from None
        return self.said[key]

    async def tell(self, order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End it without a goodbye."""
        self.signal(signal.SIGKILL)
        await self._ears

    async def close(self) -> None:
        """Wait for a part that was told to end; kill one that does not."""
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(self._ears)
        except TimeoutError:
            await self.kill()
