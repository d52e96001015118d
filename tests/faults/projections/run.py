"""A run: writers write, faults come one after the other, the auditor looks all the time; then all comes to rest."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.bootstrap import WorkerSide, worker_side, write_side
from infra.embedded.process import GuardedProcess, spawn
from infra.embedded.valkey import EmbeddedValkey
from infra.redis.client import redis_client
from infra.settings import Settings
from tests.faults.chance import chance
from tests.faults.children import ROOT
from tests.faults.findings import Findings
from tests.faults.projections.auditor import Auditor, auditing
from tests.faults.projections.writing import Writer

Say = Callable[[str], None]
# Seconds: how long everything may take to catch up after a fault, and between two looks of the auditor.
PATIENCE = 90.0
LOOK_EVERY = 0.1
REST = 0.3
BAG = {
    "worker killed": 3,
    "both workers killed": 1,
    "worker stopped": 1,
    "valkey killed": 2,
    "valkey emptied": 3,
    "rebuild": 2,
    "rebuild killed": 2,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: for some seconds, the faults of a bag again and again; or each of the bag once, if 0."""

    seconds: float
    seed: int
    writers: int = 4
    bag: Mapping[str, int] = field(default_factory=lambda: BAG)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    findings: Findings
    faults: Counter[str]
    commands: Counter[str]
    events: int
    looks: int
    rows: int
    seconds: float

    def table(self) -> str:
        """Tell it in lines, what was found last."""
        lines = [
            ("seconds", f"{self.seconds:.0f}"),
            ("events in the log", f"{self.events:,}"),
            ("commands", f"{sum(self.commands.values()):,}"),
            ("looks of the auditor", f"{self.looks:,}, the last at {self.rows:,} rows"),
            *((f"fault: {kind}", str(count)) for kind, count in sorted(self.faults.items())),
            ("findings", str(self.findings.counts.total() or "none")),
        ]
        width = max(len(name) for name, _ in lines)
        return "\n".join(
            [*(f"{name.ljust(width)}  {value}" for name, value in lines), *self.findings.lines()]
        )


@dataclass
class Stage:
    """A run under way."""

    settings: Settings
    valkey: EmbeddedValkey
    folder: Path
    picked: random.Random
    side: WorkerSide
    findings: Findings
    workers: list[GuardedProcess] = field(default_factory=list)
    # How far all read models were at the auditor's last look, and told when it has looked.
    least: int = 0
    looked: asyncio.Condition = field(default_factory=asyncio.Condition)

    def environment(self) -> dict[str, str]:
        settings = self.settings
        return {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": settings.dsn,
            "REDIS_URL": str(settings.redis_url),
            "JWT_SECRET": settings.jwt_secret,
            "PERSON_KEY_SECRET": settings.person_key_secret or "",
            "DB_POOL_MIN": "2",
            "DB_POOL_MAX": "32",
            "DB_PROCESSES": "4",
            "RELAY_HEARTBEAT_MS": str(settings.relay_heartbeat_ms),
        }

    async def run(self, name: str, *verb: str) -> GuardedProcess:
        return await spawn(
            [sys.executable, "-m", "workers.cli", *verb],
            env=self.environment(),
            log=self.folder / f"{name}.log",
            death_signal=signal.SIGKILL,
            folder=ROOT,
        )

    async def start_worker(self) -> GuardedProcess:
        worker = await self.run("workers", "serve", "workers")
        self.workers.append(worker)
        return worker

    async def caught_up(self, what: str) -> bool:
        """Wait until all read models have come to the log's head of now; what does not is found to be stuck."""
        head, _ = await self.side.log.head()
        try:
            async with asyncio.timeout(PATIENCE), self.looked:
                await self.looked.wait_for(lambda: self.least >= head)
        except TimeoutError:
            self.findings.add("stuck", f"{what}: {self.least} is not {head} after {PATIENCE:.0f} s")
            return False
        return True

    async def kill_worker(self) -> None:
        worker = self.workers.pop(self.picked.randrange(len(self.workers)))
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
        await self.start_worker()

    async def kill_both(self) -> None:
        for worker in self.workers:
            os.kill(worker.pid, signal.SIGKILL)
            await worker.wait()
        self.workers.clear()
        await self.start_worker()
        await self.start_worker()

    async def stop_worker(self) -> None:
        """Let one stand still, for longer than its leases are respected in Redis; then it goes on."""
        worker = self.picked.choice(self.workers)
        os.kill(worker.pid, signal.SIGSTOP)
        await asyncio.sleep(self.picked.uniform(0.5, 3))
        os.kill(worker.pid, signal.SIGCONT)

    async def kill_valkey(self) -> None:
        os.kill(self.valkey.pid, signal.SIGKILL)
        await self.valkey.wait()
        await asyncio.sleep(self.picked.uniform(0, 1))
        await self.valkey.start()

    async def empty_valkey(self) -> None:
        async with redis_client(self.settings) as redis:
            await redis.flushall()

    async def rebuild(self) -> None:
        """Rebuild some read models, or all, and have them swapped in."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._rebuild_verb(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment(),
            cwd=ROOT,
        )
        answer, errors = await process.communicate()
        if process.returncode:
            self.findings.add("rebuild", f"it ended with {process.returncode}: {errors.decode()[-500:]}")
        elif differing := json.loads(answer)["differing"]:
            self.findings.add("rebuild", f"it says that {differing} rows differ: {answer.decode()[:500]}")

    async def kill_rebuild(self) -> None:
        """Rebuild, and kill it at some moment; those that it has begun to fold in are left to themselves."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._rebuild_verb(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=self.environment(),
            cwd=ROOT,
        )
        try:
            async with asyncio.timeout(self.picked.uniform(0.5, 4)):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def _rebuild_verb(self) -> list[str]:
        names = [m.name for m in self.side.models]
        some = self.picked.sample(names, self.picked.choice([1, 3, len(names)]))
        where = ["--data-dir", str(self.folder), "--processes", "2"]
        return ["-m", "workers.cli", "projections", "rebuild", *some, "--json", *where]


FAULTS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    "worker killed": Stage.kill_worker,
    "both workers killed": Stage.kill_both,
    "worker stopped": Stage.stop_worker,
    "valkey killed": Stage.kill_valkey,
    "valkey emptied": Stage.empty_valkey,
    "rebuild": Stage.rebuild,
    "rebuild killed": Stage.kill_rebuild,
}


async def run(plan: Plan, settings: Settings, valkey: EmbeddedValkey, folder: Path, say: Say) -> Outcome:
    """Run, and judge. The database is migrated, and nobody else's; so is Valkey, which is running."""
    begun, faults, commands = time.monotonic(), Counter[str](), Counter[str]()
    findings, writing = Findings(), write_side(settings)
    side = worker_side(settings)
    await side.start()
    await writing.start()
    stop = asyncio.Event()
    try:
        async with auditing(settings, side, findings) as auditor:
            stage = Stage(settings, valkey, folder, chance(plan.seed), side, findings)
            async with _workers(stage), asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(_look(stage, auditor))
                writers = [
                    tasks.create_task(
                        Writer(writing, f"w{n}", chance(f"{plan.seed} {n}"), commands).run(stop)
                    )
                    for n in range(plan.writers)
                ]
                await _break(plan, stage, faults, begun, say)
                stop.set()
                await asyncio.gather(*writers)
                await stage.caught_up("at the end")
                looking.cancel()
            await auditor.look()
            events, _ = await side.log.head()
            seconds = time.monotonic() - begun
            return Outcome(findings, faults, commands, events, auditor.looks, auditor.rows, seconds)
    finally:
        await writing.stop()
        await side.stop()


@asynccontextmanager
async def _workers(stage: Stage) -> AsyncIterator[None]:
    try:
        await stage.start_worker()
        await stage.start_worker()
        yield
    finally:
        for worker in stage.workers:
            await worker.end((signal.SIGKILL, 5.0))


async def _look(stage: Stage, auditor: Auditor) -> None:
    while True:
        least = await auditor.look()
        async with stage.looked:
            stage.least = least
            stage.looked.notify_all()
        await asyncio.sleep(LOOK_EVERY)


def _kinds(plan: Plan, picked: random.Random) -> Iterator[str]:
    while True:
        kinds = [kind for kind, count in plan.bag.items() for _ in range(count)]
        picked.shuffle(kinds)
        yield from kinds
        if not plan.seconds:
            return


async def _break(plan: Plan, stage: Stage, faults: Counter[str], begun: float, say: Say) -> None:
    if not await stage.caught_up("at the beginning"):
        return
    for kind in _kinds(plan, stage.picked):
        if plan.seconds and time.monotonic() - begun > plan.seconds:
            return
        await asyncio.sleep(stage.picked.uniform(0, REST))
        faults[kind] += 1
        await FAULTS[kind](stage)
        if not await stage.caught_up(kind):
            return
        say(f"{time.monotonic() - begun:5.0f} s  {kind}: all caught up at {stage.least:,}")
