"""Worker processes of their own, to be killed for good, whose jobs write down where they run."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.settings import Settings
from tests.faults.children import Child
from tests.faults.scene import plain


@dataclass
class Crew:
    """Some worker processes by their ids, and the folder in which their jobs leave a file each while they run."""

    folder: Path
    workers: dict[int, Child]

    def running(self) -> Counter[int]:
        """Return how many jobs run in each living process."""
        counts = Counter(int(place.name.split(".")[0]) for place in (self.folder / "running").iterdir())
        return Counter({pid: n for pid, n in counts.items() if pid in self.workers})

    def begun(self) -> dict[int, int]:
        """Return how many jobs each living process has begun."""
        return {pid: worker.said.get("begun", 0) for pid, worker in self.workers.items()}

    def most(self) -> int:
        """Return the most jobs that any job has seen under way over all processes, itself among them."""
        return max(worker.said.get("most", 0) for worker in self.workers.values())

    def release(self) -> None:
        """Let the jobs end that hold."""
        (self.folder / "go").touch()

    async def kill(self, pid: int) -> None:
        """End one by SIGKILL."""
        await self.workers.pop(pid).kill()


@asynccontextmanager
async def crew(settings: Settings, folder: Path, processes: int) -> AsyncIterator[Crew]:
    """Run so many worker processes."""
    for name in ("running", "pulses"):
        (folder / name).mkdir()
    config = {"settings": plain(settings), "folder": str(folder), "quiet": True}
    workers = await asyncio.gather(*(Child.start("labourer", "labourer", config) for _ in range(processes)))
    try:
        ready = await asyncio.gather(*(worker.until("ready") for worker in workers))
        yield Crew(folder, dict(zip(ready, workers, strict=True)))
    finally:
        await asyncio.gather(*(worker.kill() for worker in workers))
