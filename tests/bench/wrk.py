"""wrk: one thread that keeps some connections busy."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.bench.budgets import Measured
from tests.bench.machine import cpu_seconds
from tests.bench.tools import WRK, ToolFailed, run_tool

CONNECTIONS = 32

# Prints the summary for us; `errors.status` counts answers of 400 and above.
_DONE = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"us":%d,"status":%d,"broken":%d,"p50_us":%d,"p99_us":%d}\\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def script(folder: Path, name: str, lua: str) -> Path:
    """Write a script; ours adds how it ends."""
    path = folder / f"{name}.lua"
    path.write_text(lua + _DONE, "utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Wrk:
    """A run of wrk: its numbers, and what was asked of it."""

    requests: int
    measured: Measured


async def drive(url: str, lua: Path, seconds: int, pid: int) -> Wrk:
    """Drive a server, the process `pid`, for some seconds.

    Raises:
        ToolFailed: an answer was an error, or a connection broke.
    """
    before = cpu_seconds(pid)
    text = await run_tool(
        WRK, ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(lua), url], seconds
    )
    cpu = cpu_seconds(pid) - before
    told = json.loads(text.strip().splitlines()[-1])
    if told["status"] or told["broken"] or not told["requests"]:
        raise ToolFailed(
            f"of {told['requests']} answers {told['status']} were errors, and {told['broken']} connections broke"
        )
    return Wrk(
        told["requests"],
        {
            "rate": told["requests"] / told["us"] * 1e6,
            "p50_ms": told["p50_us"] / 1e3,
            "p99_ms": told["p99_us"] / 1e3,
            "cpu_us": cpu / told["requests"] * 1e6,
            "cpu_share": cpu / told["us"] * 1e6,
        },
    )
