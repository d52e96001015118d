"""The group-committing appender: one a process.

Requests queue up; whenever a connection is free, it takes what waits as one batch. A lone writer so waits
for nobody, and under load each commit carries many requests. A request whose acknowledgement was lost is
simply sent again: its command id is checked under the head's lock, after whatever the lost attempt did.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from commands.ports import Append, AppendOutcome
from domain.errors import Unavailable
from infra.postgres.arrays import texts
from infra.postgres.batch import is_single
from infra.postgres.committer import Committer, Measures, Waiting
from infra.postgres.personal import is_personal
from infra.settings import Settings

# A command and a stream may have the same UUID, and a stream is not its project's structure.
_COMMAND = 1 << 128


def _keys(request: Append) -> set[int]:
    """What two requests of one batch may not share, since they are checked against what was before it."""
    keys = {w.stream_id.int for w in request.writes}
    keys.add(_COMMAND | request.command_id.int)
    if request.guards:
        keys.update(~project_id.int for project_id, _ in request.guards)
    for written in request.events:
        # Guarded itself or not, it must not stand in front of what is guarded in its own batch.
        if written.event.STRUCTURAL:
            keys.add(~request.writes[written.write].project_id.int)
    return keys


Seal = Callable[[Append], Awaitable[Append]]


async def _cannot_seal(_: Append) -> Append:
    raise RuntimeError("this process has no vault: what is personal would be stored for all to read")


class Appender:
    """Takes requests from any number of tasks and commits them in groups.

    Args:
        structural: the topics of events that change an outline.
        seal: encrypts what is personal in a request; without it such requests are refused.
    """

    def __init__(self, settings: Settings, structural: Sequence[str], seal: Seal = _cannot_seal) -> None:
        self._settings = settings
        self._structural = texts(structural)
        self._seal = seal
        self._waiting: deque[Waiting] = deque()
        # Who of the crew has nothing to do, and whether one is on the way to the queue already.
        self._idle: list[asyncio.Future[None]] = []
        self._coming = False
        self._crew: list[asyncio.Task[None]] = []
        self._closing = False
        self.measures = Measures()

    async def start(self) -> None:
        """Begin to take requests."""
        self._crew = [
            asyncio.create_task(self._work(), name=f"appender {i}")
            for i in range(self._settings.append_in_flight)
        ]

    async def stop(self) -> None:
        """Finish what waits, then stop."""
        self._closing = True
        for idle in self._idle:
            idle.set_result(None)
        self._idle.clear()
        await asyncio.gather(*self._crew)

    @property
    def depth(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    async def append(self, request: Append) -> AppendOutcome:
        """Commit a request with whatever else is waiting.

        Raises:
            Unavailable: too many wait already, or the database is away.
        """
        if is_personal(request):
            request = await self._seal(request)
        if self._closing or len(self._waiting) >= self._settings.append_queue_max:
            raise Unavailable("too many writes are waiting", retry_after=1)
        answer: asyncio.Future[AppendOutcome] = asyncio.Future(loop=asyncio.get_running_loop())
        keyed = request.keyed
        if not keyed and any(w.expected < 0 for w in request.writes):
            # No version would stop it, sent again after a lost answer: its id has to.
            request = replace(request, keyed=True)
        self._waiting.append(Waiting(request, answer, _keys(request), is_single(request), keyed))
        self._call()
        return await answer

    def _call(self) -> None:
        """Call one of the crew to the queue: the last to have worked, whose connection is the warmest."""
        if self._idle and not self._coming:
            self._coming = True
            self._idle.pop().set_result(None)

    def _take(self) -> list[Waiting]:
        """Take what can go into one batch: of one shape, and no two of one stream; the rest stays, in order."""
        batch: list[Waiting] = []
        left: list[Waiting] = []
        busy: set[int] = set()
        events = 0
        waiting = self._waiting
        single = bool(waiting) and waiting[0].single
        while waiting and events < self._settings.append_batch_max:
            one = waiting.popleft()
            # What stays behind keeps its keys busy too, lest a later request overtakes it.
            before = len(busy)
            busy |= one.keys
            if len(busy) - before == len(one.keys) and one.single is single:
                batch.append(one)
                events += len(one.request.events) or 1
            else:
                left.append(one)
        waiting.extendleft(reversed(left))
        return batch

    async def _work(self) -> None:
        committer = Committer(self._settings, self._structural, self.measures)
        loop = asyncio.get_running_loop()
        try:
            while True:
                batch = self._take()
                if batch:
                    if self._waiting:
                        self._call()
                    await committer.commit(batch)
                    # Who was just answered may have more: let them speak before anybody else is called.
                    self._coming = True
                    await asyncio.sleep(0)
                    self._coming = False
                    continue
                if self._closing:
                    return
                idle = loop.create_future()
                self._idle.append(idle)
                await idle
                self._coming = False
        finally:
            await committer.close()
