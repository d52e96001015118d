"""A queue's worker in one process: takes what may run, keeps its leases, hands back what ended."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from redis.exceptions import RedisError

from infra.cancelling import stop_if_cancelled
from infra.redis.queues import Acquired, Limits, RedisQueue, Settlement, Ticket
from workers.jobs.doing import Doing
from workers.jobs.joblog import JobLog, Known

logger = logging.getLogger(__name__)

# Jobs taken in one turn, and leases kept alive by one call.
BATCH = 500
# Seconds: the longest time between two looks at a queue, and the pause while a server is away.
LOOK_EVERY = 1.0
PAUSE = 0.2
# Beats in a lease. A worker that could not be heard for so much of it lets go by itself.
BEATS = 10
LET_GO = 0.8

AWAY = (RedisError, OSError, TimeoutError)


@dataclass(slots=True, eq=False)
class Held:
    """A job under way here: its lease was last kept alive by a beat sent at `beaten`."""

    ticket: Ticket
    token: str
    beaten: float
    task: asyncio.Task[None] | None = None
    known: Known | None = None
    lost: bool = False


class Pump:
    """Runs one queue's jobs in this process.

    Args:
        limits: returns how fast the queue may go by what is known now.
    """

    def __init__(self, queue: RedisQueue, log: JobLog, doing: Doing, limits: Callable[[], Limits]) -> None:
        self._queue = queue
        self._log = log
        self._doing = doing
        self._limits = limits
        self._held: dict[tuple[UUID, str], Held] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._settlements: list[Settlement] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    @property
    def running(self) -> int:
        """How many jobs are under way here."""
        return len(self._held)

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; what is under way then is broken off and handed back."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._turns())
                tasks.create_task(self._beats())
        finally:
            await self._break_off()

    async def drain(self, patience: float) -> None:
        """Begin nothing any more, and wait so many seconds for what is under way."""
        self._draining = True
        try:
            async with asyncio.timeout(patience):
                await self._idle.wait()
        except TimeoutError:
            logger.info("queue %s: %d jobs are broken off", self._queue.name, len(self._held))

    async def _turns(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            stop_if_cancelled()
            self._wake.clear()
            settlements, self._settlements = self._settlements, []
            limits = self._limits()
            want = max(0, min(limits.concurrency - len(self._held), BATCH))
            begun = loop.time()
            wait: float | None = LOOK_EVERY
            try:
                # Also when nothing is wanted: what waits may have waited for too long.
                acquired = await self._queue.turn(
                    settlements, uuid4().hex, limits, None if self._draining else want
                )
            except AWAY as away:
                logger.warning("queue %s: %s", self._queue.name, away)
                self._settlements[:0] = settlements
                await asyncio.sleep(PAUSE)
                continue
            self._take(acquired, begun)
            if len(acquired.taken) == BATCH:
                wait = 0.0
            elif acquired.wait is not None:
                wait = min(LOOK_EVERY, acquired.wait)
            if self._settlements:
                continue
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _take(self, acquired: Acquired, begun: float) -> None:
        held = [Held(t, acquired.token, begun) for t in acquired.taken]
        for h in held:
            self._held[h.ticket.job_id, h.token] = h
            self._idle.clear()
        if held:
            self._spawn(self._start(held))
        if acquired.expired:
            self._spawn(self._expire(acquired.expired))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _start(self, held: Sequence[Held]) -> None:
        """Load jobs together, then attempt each on its own."""
        try:
            found = await self._log.load([h.ticket.job_id for h in held])
        except Exception:
            logger.exception("jobs of queue %s cannot be loaded", self._queue.name)
            await asyncio.sleep(PAUSE)
            for h in held:
                self._settle(h, Settlement(h.ticket.job_id, h.token, "back"))
            return
        for h in held:
            h.known = found.get(h.ticket.job_id)
            if h.known is None:
                logger.error("there is no job %s", h.ticket.job_id)
                self._settle(h, Settlement(h.ticket.job_id, h.token, "done", h.ticket.version))
            elif not h.lost:
                h.task = asyncio.create_task(self._attempt(h, h.known))

    async def _attempt(self, held: Held, known: Known) -> None:
        back = Settlement(held.ticket.job_id, held.token, "back")
        try:
            settlement = await self._doing.attempt(known, held.token)
        except asyncio.CancelledError:
            self._settle(held, back)
            raise
        except Exception:
            # Not the job's fault: what surrounds an attempt failed. The pause keeps it from spinning.
            logger.exception("the attempt at job %s could not be made", held.ticket.job_id)
            await asyncio.sleep(LOOK_EVERY)
            settlement = back
        self._settle(held, settlement)

    def _settle(self, held: Held, settlement: Settlement) -> None:
        if self._held.pop((held.ticket.job_id, held.token), None) is None:
            return
        if not held.lost:
            self._settlements.append(settlement)
        if not self._held:
            self._idle.set()
        self._wake.set()

    async def _expire(self, tickets: Sequence[Ticket]) -> None:
        """Write down that jobs were not begun in time; one that fails is handed out again."""
        try:
            for job_id, version in (await self._doing.expire_all([t.job_id for t in tickets])).items():
                self._settlements.append(Settlement(job_id, "", "done", version))
        except Exception:
            logger.exception("jobs of queue %s could not be ended", self._queue.name)
        self._wake.set()

    async def _beats(self) -> None:
        loop = asyncio.get_running_loop()
        lease = self._queue.lease / 1000
        while True:
            stop_if_cancelled()
            await asyncio.sleep(lease / BEATS)
            # What was just taken has its lease from that.
            young = loop.time() - lease / BEATS / 2
            held = [h for h in self._held.values() if h.beaten < young]
            for i in range(0, len(held), BATCH):
                some = held[i : i + BATCH]
                begun = loop.time()
                try:
                    async with asyncio.timeout(lease / 5):
                        answers = await self._queue.beat([(h.ticket, h.token) for h in some])
                except AWAY as away:
                    logger.warning("leases of queue %s: %s", self._queue.name, away)
                    continue
                for h, answer in zip(some, answers, strict=True):
                    self._heard(h, answer, begun)
            for h in held:
                if loop.time() - h.beaten > LET_GO * lease:
                    self._let_go(h, "nobody could hear that it goes on")

    def _heard(self, held: Held, answer: int, begun: float) -> None:
        if answer == 0:
            held.beaten = begun
        elif answer == 1:
            held.beaten = begun
            if held.task is not None:
                held.task.cancel()
        else:
            self._let_go(held, "it is another worker's")

    def _let_go(self, held: Held, why: str) -> None:
        """End an attempt that is this process's no longer."""
        if (held.ticket.job_id, held.token) not in self._held:
            return
        logger.warning("the attempt at job %s ends: %s", held.ticket.job_id, why)
        held.lost = True
        if held.task is not None:
            held.task.cancel()

    async def _break_off(self) -> None:
        """End what is under way, tell the log and the queue."""
        for task in list(self._beside):
            task.cancel()
        held = list(self._held.values())
        for h in held:
            if h.task is not None:
                h.task.cancel()
        await asyncio.gather(*self._beside, *(h.task for h in held if h.task), return_exceptions=True)
        for h in held:
            self._settle(h, Settlement(h.ticket.job_id, h.token, "back"))
            if h.known is not None and not h.lost:
                try:
                    await self._doing.drained(h.known)
                except Exception:
                    logger.exception("job %s: it could not be told that it was broken off", h.ticket.job_id)
        if self._settlements:
            try:
                await self._queue.turn(self._settlements, "", self._limits(), None)
            except AWAY as away:
                logger.warning(
                    "queue %s: what was broken off waits for its leases: %s", self._queue.name, away
                )
