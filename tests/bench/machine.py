"""Where and when a run took place."""

import os
import platform
import time
from typing import Any

import psutil


def machine() -> dict[str, Any]:
    """Describe the machine as it is now; other work on it shows in the load."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load": load(),
    }


def cpu_seconds(pid: int) -> float:
    """Return how much processor time a process has used, which other work on the machine changes little."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def load() -> list[float]:
    """Return how many processes wanted to run, over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]
