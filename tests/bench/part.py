"""A part of a bench in a process of its own: it says that it is ready, is told to go, and tells what it found.

Both sides talk in lines of JSON over its standard input and output.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.bench.servers import ROOT, environment
from tests.bench.tools import ToolFailed

LINE_LIMIT = 1 << 24


class Part:
    """A running part, seen from the bench."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process

    async def hear(self, seconds: float) -> Any:
        """Wait for what it says next.

        Raises:
            ToolFailed: it ended, or said nothing in time.
        """
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise ToolFailed(f"{self._name} said nothing for {seconds:.0f} s") from None
        if not line:
            raise ToolFailed(f"{self._name} ended with {await self._process.wait()}")
        return json.loads(line)

    async def tell(self, message: Any) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()


@asynccontextmanager
async def part(module: str, config: Any) -> AsyncIterator[Part]:
    """Run `tests/bench/parts/<module>.py` with a configuration; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.bench.parts.{module}",
        json.dumps(config),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
        env=environment(None),
        cwd=ROOT,
    )
    try:
        yield Part(module, process)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def say(message: Any) -> None:
    """Say something to the bench, from within a part."""
    print(json.dumps(message), flush=True)


def listen() -> Any:
    """Wait for what the bench tells, from within a part; without a bench there is nothing left to do."""
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(1)
    return json.loads(line)
