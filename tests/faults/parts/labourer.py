"""A worker process whose jobs say what they were told, count each other, and leave one block each behind.

A job under way is a file in a folder, named by its process and attempt: so jobs of all processes see how many
they are. Those of a killed process count no longer, nor those of one that stands still.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from commands.messages import AddBlock
from domain.job import ThinkingRequested
from infra.settings import Settings
from tests.faults.parts.talking import Orders, say
from workers.app import Workers
from workers.jobs.ports import FinalError, JobContext, JobHandler, RetryableError


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


class Labourer:
    """Does what a job's instruction says: `{"steps": n, "fails": "never" | "once" | "for good"}`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.most = 0
        self.begun = 0

    @contextmanager
    def _counted(self) -> Iterator[None]:
        place = self._folder / "running" / f"{os.getpid()}.{uuid4().hex}"
        place.touch()
        try:
            there = [found.name.split(".")[0] for found in (self._folder / "running").iterdir()]
            stopped = {found.name for found in (self._folder / "stopped").iterdir()}
            self.most = max(self.most, sum(_lives(pid) and pid not in stopped for pid in there))
            yield
        finally:
            place.unlink()

    async def run(self, context: JobContext) -> Mapping[str, Any] | None:
        job = context.job
        assert isinstance(job.request, ThinkingRequested)
        told = json.loads(job.request.instruction or "{}")
        with self._counted():
            self.begun += 1
            say({"begun": self.begun, "most": self.most})
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
    labourer = Labourer(Path(config["folder"]))
    handlers: dict[str, JobHandler] = {"thinking": labourer}
    workers = Workers(Settings(**config["settings"]), lambda *_: handlers)
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
    for task in (work, orders):
        task.cancel()
    await asyncio.gather(work, orders, return_exceptions=True)
    say({"drained": True})


if __name__ == "__main__":
    asyncio.run(_run(json.loads(sys.argv[1])))
