"""A worker process whose jobs say what they were told, count each other, and leave one block each behind.

A job under way is a file in a folder, named by its process and attempt: so jobs of all processes see how many
they are. Those of a killed process count no longer, nor those of one that stands still, be it stopped or left
waiting by a busy machine: its leases may end, and it cannot know. It has one lease to learn it from then on.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from commands.messages import AddBlock
from domain.job import GenerationRequested, ThinkingRequested
from infra.settings import Settings
from tests.faults.parts.talking import Orders, say
from workers.app import Workers
from workers.jobs.ports import FinalError, JobContext, JobHandler, RetryableError
from workers.jobs.pump import LET_GO


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


class Labourer:
    """Does what a job's instruction says, or its prompt: `{"steps": n, "fails": "never" | "once" | "for good"}`.

    With `"holds": true` it does nothing else than to last until there is a file `go` in the folder.

    Args:
        lease: seconds that a lease lasts.
    """

    def __init__(self, folder: Path, lease: float) -> None:
        self._folder = folder
        self._lease = lease
        # Whoever is heard later than this may have lost its leases before it could let go of its jobs.
        self._still = (1 - LET_GO) * lease
        self._pulse = folder / "pulses" / str(os.getpid())
        self.most = 0
        self.begun = 0

    async def feel(self) -> None:
        """Keep telling that this process does not stand still: the file's time is when it may count again."""
        counts_from, before = 0.0, time.time()
        while True:
            now = time.time()
            if now - before > self._still:
                counts_from = now + self._lease
            self._pulse.touch()
            os.utime(self._pulse, (counts_from, now))
            before = now
            await asyncio.sleep(self._still / 8)

    def _counts(self, pid: str, now: float) -> bool:
        if not _lives(pid):
            return False
        pulse = (self._folder / "pulses" / pid).stat()
        return now - pulse.st_mtime <= self._still and now >= pulse.st_atime

    @contextmanager
    def _counted(self) -> Iterator[None]:
        begun = time.time()
        place = self._folder / "running" / f"{os.getpid()}.{uuid4().hex}"
        place.touch()
        try:
            there = [found.name.split(".")[0] for found in (self._folder / "running").iterdir()]
            now = time.time()
            count = sum(self._counts(pid, now) for pid in there)
            # Else this process stood still since it began, and what it saw is old.
            if time.time() - begun <= self._still:
                self.most = max(self.most, count)
            yield
        finally:
            # It is gone already if somebody took this process for dead.
            place.unlink(missing_ok=True)

    async def run(self, context: JobContext) -> Mapping[str, Any] | None:
        job = context.job
        request = job.request
        assert isinstance(request, ThinkingRequested | GenerationRequested)
        told = json.loads(
            (request.prompt if isinstance(request, GenerationRequested) else request.instruction) or "{}"
        )
        with self._counted():
            self.begun += 1
            say({"begun": self.begun, "most": self.most})
            if told.get("holds"):
                while not (self._folder / "go").exists():  # noqa: ASYNC110 - it is another process that tells
                    await asyncio.sleep(0.02)
                return {}
            for i in range(told["steps"]):
                await context.progress(i, told["steps"])
                await asyncio.sleep(0.02)
            if told["fails"] == "for good":
                raise FinalError("bad-input", "it was told to fail")
            # Two attempts may both come this far, one of them cut off from everything: one block is to come of it.
            await context.run(
                "effect", AddBlock(project_id=job.project_id, type="slide", content={"title": str(job.id)})
            )
            if told["fails"] == "once" and job.tries == 1:
                raise RetryableError("busy", "it was told to fail once")
        return {"attempt": job.attempts}


async def _run(config: dict[str, Any]) -> None:
    settings = Settings(**config["settings"])
    labourer = Labourer(Path(config["folder"]), settings.job_lease_ms / 1000)
    handlers: dict[str, JobHandler] = {"thinking": labourer, "generation": labourer}
    workers = Workers(settings, lambda *_: handlers)
    feeling = asyncio.create_task(labourer.feel())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    work = asyncio.create_task(workers.run())
    stopping = asyncio.create_task(stop.wait())
    orders = asyncio.create_task((await Orders.open()).next())
    say({"ready": os.getpid()})
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        work.result()
    await workers.drain()
    for task in (work, orders, feeling):
        task.cancel()
    await asyncio.gather(work, orders, feeling, return_exceptions=True)
    say({"drained": True})


if __name__ == "__main__":
    asyncio.run(_run(json.loads(sys.argv[1])))
