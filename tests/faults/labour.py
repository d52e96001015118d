"""Jobs under faults: worker processes, Valkey and PostgreSQL die meanwhile, and each job has one effect and one end."""

import asyncio
import json
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import psycopg

from commands.ports import Append, EventWrite, StreamWrite
from domain.events import Event
from domain.job import JobCancelled, ThinkingRequested
from domain.outline import SLIDES_LIMIT
from domain.project import ProjectCreated
from infra.bootstrap import WriteSide, write_side
from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.postgres.migrate import migrate
from infra.redis.client import redis_client
from infra.settings import Settings
from tests.faults.chance import chance
from tests.faults.children import Child
from tests.faults.findings import Findings
from tests.faults.scene import SECRET, plain

USER = "ada"
ENDS = {"succeeded", "failed", "cancelled", "expired"}
LOOK_EVERY = 0.05
BACK = 60.0
# So long none may end while some are left; so many may be left, that a slow machine keeps up.
STUCK, BACKLOG = 60.0, 150
CONCURRENCY = 6
PROCESSES = 3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One job: what it was told, and what was done to it."""

    job_id: UUID
    fails: str
    cancelled: bool
    ttl: int | None

    @property
    def ends(self) -> set[str]:
        """How it may end."""
        found = {"failed" if self.fails == "for good" else "succeeded"}
        return found | ({"cancelled"} if self.cancelled else set()) | ({"expired"} if self.ttl else set())


@dataclass
class Shop:
    """Worker processes on servers of their own, and the jobs that they were asked to do."""

    servers: EmbeddedServers
    settings: Settings
    side: WriteSide
    folder: Path
    picked: random.Random
    project: UUID = field(default_factory=uuid4)
    in_project: int = SLIDES_LIMIT
    workers: list[Child] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    most: int = 0
    ended: int = 0

    async def hire(self, place: int | None = None) -> None:
        """Start a worker process, in the place of another."""
        config = {"settings": plain(self.settings), "folder": str(self.folder), "quiet": True}
        child = await Child.start("labourer", "labourer", config)
        if place is None:
            self.workers.append(child)
        else:
            self.most = max(self.most, self.workers[place].said.get("most", 0))
            self.workers[place] = child
        await child.until("ready")

    async def write(self, stream: UUID, expected: int, event: Event) -> None:
        """Append an event as a person would by a command."""
        command = uuid4()
        await self.side.log.append(
            Append(
                caller=USER,
                command_id=command,
                request_hash=b"",
                status=202,
                body=b"{}",
                metadata={"actor": {"id": USER, "kind": "person"}},
                writes=(StreamWrite(stream, self.project, expected),),
                events=(EventWrite(0, event, command),),
                keyed=False,
            )
        )

    async def ask(self) -> None:
        """Ask for a job of any kind, and perhaps want it no more at once."""
        job = Asked(
            uuid4(),
            self.picked.choice(("never", "never", "never", "once", "for good")),
            cancelled=self.picked.random() < 0.1,
            ttl=self.picked.choice((None, None, None, None, 1)),
        )
        if self.in_project >= SLIDES_LIMIT:
            await self._begin_project()
        self.in_project += 1
        event = ThinkingRequested(
            originator_id=job.job_id,
            originator_version=1,
            project_id=str(self.project),
            priority=self.picked.randrange(10),
            ttl=job.ttl,
            instruction=json.dumps({"steps": self.picked.randrange(8), "fails": job.fails}),
        )
        self.asked.append(job)
        await self.write(job.job_id, 0, event)
        if job.cancelled:
            # Refused without a word if it has begun: then it ends otherwise.
            await self.write(job.job_id, 1, JobCancelled(originator_id=job.job_id, originator_version=2))

    @property
    def seen(self) -> int:
        """The most jobs that any of them saw under way at once."""
        return max(self.most, *(child.said.get("most", 0) for child in self.workers))

    async def count(self) -> None:
        """Count the jobs that have ended."""
        query = "select count(distinct originator_id) from stored_events where topic = any(%s)"
        async with await psycopg.AsyncConnection.connect(self.settings.dsn) as connection:
            cursor = await connection.execute(query, ([f"decklog.job.{end}" for end in ENDS],))
            [(self.ended,)] = await cursor.fetchall()

    async def _begin_project(self) -> None:
        """Have later jobs write to another project: each of them may leave a slide behind."""
        self.project, self.in_project = uuid4(), 0
        made = ProjectCreated(
            originator_id=self.project,
            originator_version=1,
            title="Labour",
            owner=USER,
            aspect="16:9",
            theme_id=None,
        )
        await self.write(self.project, 0, made)


@asynccontextmanager
async def opened(seed: int, processes: int) -> AsyncIterator[Shop]:
    """Start everything on a database of its own; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dlj-"))
    folder.chmod(0o755)  # noqa: ASYNC240 - nothing else runs yet
    for name in ("running", "pulses"):
        (folder / name).mkdir()
    try:
        with DataFolder.open(folder / "data") as data:
            async with EmbeddedServers(data, lambda _: None) as servers:
                settings = Settings(
                    database_url=servers.database_url,
                    redis_url=servers.redis_url,
                    jwt_secret=SECRET,
                    person_key_secret=SECRET,
                    db_pool_min=4,
                    db_pool_max=40,
                    db_processes=4,
                    thinking_queue_concurrency=CONCURRENCY,
                    job_attempts=1_000,
                    job_rate=0,
                    job_rate_per_user=0,
                    job_lease_ms=2_000,
                    job_backoff_ms=100,
                    job_backoff_max_ms=200,
                    job_sweep_ms=1_000,
                )
                await migrate(settings)
                side = write_side(settings)
                await side.start()
                shop = Shop(servers, settings, side, folder, chance(seed))
                try:
                    await asyncio.gather(*(shop.hire() for _ in range(processes)))
                    yield shop
                finally:
                    await asyncio.gather(*(child.kill() for child in shop.workers))
                    await side.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _back(ask: Callable[[], int], before: int) -> None:
    async with asyncio.timeout(BACK):
        while ask() == before:  # noqa: ASYNC110 - nobody tells when it is back
            await asyncio.sleep(LOOK_EVERY)


async def kill_worker(shop: Shop) -> None:
    """Kill -9, and start another."""
    place = shop.picked.randrange(len(shop.workers))
    worker = shop.workers[place]
    await worker.kill()
    # Its number may be another process's one day.
    for left in (shop.folder / "running").glob(f"{worker.said['ready']}.*"):
        left.unlink()
    await shop.hire(place)


async def drain_worker(shop: Shop) -> None:
    """End one as a deployment does, and start another."""
    place = shop.picked.randrange(len(shop.workers))
    shop.workers[place].signal(signal.SIGTERM)
    await shop.workers[place].until("drained")
    await shop.workers[place].close()
    await shop.hire(place)


async def stop_worker(shop: Shop) -> None:
    """Stop one for longer than its leases last: what it comes back with is late."""
    worker = shop.picked.choice(shop.workers)
    lease = shop.settings.job_lease_ms / 1000
    worker.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(1.5 * lease)
    finally:
        worker.signal(signal.SIGCONT)


async def kill_valkey(shop: Shop) -> None:
    before = shop.servers.valkey_pid
    psutil.Process(before).kill()
    await _back(lambda: shop.servers.valkey_pid, before)


async def flush_valkey(shop: Shop) -> None:
    async with redis_client(shop.settings) as redis:
        await redis.flushall()


async def kill_database(shop: Shop) -> None:
    before = shop.servers.postgres_pid
    psutil.Process(before).kill()
    await _back(lambda: shop.servers.postgres_pid, before)


FAULTS: Mapping[str, Callable[[Shop], Awaitable[None]]] = {
    "database killed": kill_database,
    "valkey flushed": flush_valkey,
    "valkey killed": kill_valkey,
    "worker drained": drain_worker,
    "worker killed": kill_worker,
    "worker stopped": stop_worker,
}


@dataclass(frozen=True, slots=True)
class LabourOutcome:
    """What came of a run; `most` is the most jobs that any of them saw under way at once."""

    findings: Findings
    ends: Counter[str]
    faults: Counter[str]
    jobs: int
    attempts: int
    most: int
    seconds: float


async def labour(
    seed: int,
    seconds: float,
    say: Say,
    *,
    kinds_of: Sequence[str] = tuple(FAULTS),
    processes: int = PROCESSES,
    backlog: int = BACKLOG,
) -> LabourOutcome:
    """Ask for jobs while faults come one after the other, each once at least, for some seconds; then judge.

    So many processes work, and no more than `backlog` jobs are left to them.
    """
    async with opened(seed, processes) as shop:
        begun = time.monotonic()
        stop = asyncio.Event()
        asking = asyncio.create_task(_ask(shop, stop, backlog))
        try:
            while True:
                kinds = list(kinds_of)
                shop.picked.shuffle(kinds)
                for kind in kinds:
                    await asyncio.sleep(shop.picked.uniform(0.2, 1.0))
                    shop.faults[kind] += 1
                    told = (
                        f"{len(shop.asked)} jobs asked for, {shop.ended} ended, at most {shop.seen} at once"
                    )
                    say(f"{time.monotonic() - begun:5.0f} s  {told}; {kind}")
                    await FAULTS[kind](shop)
                if time.monotonic() - begun > seconds:
                    break
        finally:
            stop.set()
            await asking
        findings = Findings()
        try:
            await _ended(shop)
        except TimeoutError:
            findings.add("stuck", f"no job ended for {STUCK:.0f} s after the last fault, and some are left")
        return await _judged(shop, findings, time.monotonic() - begun)


async def _ask(shop: Shop, stop: asyncio.Event, backlog: int) -> None:
    counting = asyncio.create_task(_count(shop))
    try:
        while not stop.is_set():
            if len(shop.asked) - shop.ended < backlog:
                await shop.ask()
            await asyncio.sleep(shop.picked.uniform(0, 0.1))
    finally:
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)


async def _count(shop: Shop) -> None:
    while True:
        with suppress(psycopg.OperationalError):
            await shop.count()
        await asyncio.sleep(0.2)


async def _ended(shop: Shop) -> None:
    while shop.ended < len(shop.asked):
        before = shop.ended
        async with asyncio.timeout(STUCK):
            while shop.ended == before:
                await asyncio.sleep(0.2)
                await shop.count()


async def _judged(shop: Shop, findings: Findings, seconds: float) -> LabourOutcome:
    async with await psycopg.AsyncConnection.connect(shop.settings.dsn) as connection:
        jobs = await connection.execute(
            "select originator_id, array_agg(topic order by originator_version) from stored_events"
            " where topic like 'decklog.job.%' group by 1"
        )
        told = {
            job: [t.removeprefix("decklog.job.") for t in topics] for job, topics in await jobs.fetchall()
        }
        failed = await connection.execute(
            "select originator_id, convert_from(state, 'UTF8') from stored_events where topic = 'decklog.job.failed'"
        )
        why = dict(await failed.fetchall())
        slides = await connection.execute(
            "select convert_from(state, 'UTF8')::json -> 'content' ->> 'title', count(*) from stored_events"
            " where topic = 'decklog.block.added' group by 1"
        )
        effects = Counter({UUID(title): count for title, count in await slides.fetchall()})
    ends: Counter[str] = Counter()
    for job in shop.asked:
        topics = told.get(job.job_id, [])
        final = [topic for topic in topics if topic in ENDS]
        if not topics or topics[0] != "thinking-requested" or len(final) != 1 or topics[-1] != final[0]:
            findings.add("events", f"job {job.job_id} was {', '.join(topics)}")
            continue
        ends[final[0]] += 1
        if final[0] not in job.ends:
            findings.add(
                "end", f"job {job.job_id}, told to fail {job.fails}, has {final[0]}: {why.get(job.job_id)}"
            )
        least = 1 if final[0] == "succeeded" else 0
        if not least <= effects[job.job_id] <= (0 if job.fails == "for good" else 1):
            findings.add("effect", f"job {job.job_id} has {final[0]}, and {effects[job.job_id]} blocks")
        if final[0] == "expired" and topics[1:] == ["expired"] and effects[job.job_id]:
            findings.add("effect", f"job {job.job_id} expired before it began, and has a block")
    if strange := set(effects) - {job.job_id for job in shop.asked}:
        findings.add("effect", f"blocks of jobs that nobody asked for: {strange}")
    most = shop.seen
    if most > CONCURRENCY:
        findings.add("concurrency", f"{most} jobs were under way at once, and {CONCURRENCY} may be")
    attempts = sum(topics.count("started") for topics in told.values())
    return LabourOutcome(findings, ends, shop.faults, len(shop.asked), attempts, most, seconds)
