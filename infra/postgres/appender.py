"""The group-committing appender: one a process.

Requests queue up; whenever a connection is free, it takes what waits as one batch. A lone writer so waits
for nobody, and under load each commit carries many requests. A request whose acknowledgement was lost is
simply sent again: its command id is checked under the head's lock, after whatever the lost attempt did.
"""

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from commands.ports import Append, AppendOutcome, Replayed
from domain.errors import Unavailable
from infra.postgres.arrays import register_arrays, texts
from infra.postgres.batch import CALL, arguments, outcome_of
from infra.postgres.connections import Connection, connect_for_append
from infra.settings import Settings

logger = logging.getLogger(__name__)

RETRY_FOR = 10.0


@dataclass(slots=True, eq=False)
class _Waiting:
    request: Append
    answer: asyncio.Future[AppendOutcome]
    keys: frozenset[tuple[str, UUID]]
    tries: int = 0


def _keys(request: Append) -> frozenset[tuple[str, UUID]]:
    """What two requests of one batch may not share, since they are checked against what was before it."""
    return frozenset(
        [
            ("command", request.command_id),
            *(("stream", w.stream_id) for w in request.writes),
            *(("structure", project_id) for project_id, _ in request.guards),
        ]
    )


class Appender:
    """Takes requests from any number of tasks and commits them in groups."""

    def __init__(self, settings: Settings, structural: Sequence[str]) -> None:
        self._settings = settings
        self._structural = texts(structural)
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._crew: list[asyncio.Task[None]] = []
        self._closing = False

    async def start(self) -> None:
        """Begin to take requests."""
        self._crew = [
            asyncio.create_task(self._work(), name=f"appender {i}")
            for i in range(self._settings.append_in_flight)
        ]

    async def stop(self) -> None:
        """Finish what waits, then stop."""
        self._closing = True
        self._wake.set()
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
        if self._closing or len(self._waiting) >= self._settings.append_queue_max:
            raise Unavailable("too many writes are waiting", retry_after=1)
        waiting = _Waiting(request, asyncio.get_running_loop().create_future(), _keys(request))
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.answer

    def _take(self) -> list[_Waiting]:
        """Take what can go into one batch; what shares a stream with it stays, in order."""
        batch: list[_Waiting] = []
        left: list[_Waiting] = []
        busy: set[tuple[str, UUID]] = set()
        events = 0
        while self._waiting and events < self._settings.append_batch_max:
            waiting = self._waiting.popleft()
            if busy.isdisjoint(waiting.keys):
                batch.append(waiting)
                events += max(1, len(waiting.request.events))
            else:
                left.append(waiting)
            busy |= waiting.keys
        self._waiting.extendleft(reversed(left))
        return batch

    async def _work(self) -> None:
        connection: Connection | None = None
        try:
            while True:
                batch = self._take()
                if not batch:
                    if self._closing:
                        return
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                connection = await self._commit(connection, batch)
        finally:
            if connection is not None:
                await connection.close()

    async def _commit(self, connection: Connection | None, batch: list[_Waiting]) -> Connection | None:
        """Commit a batch, through lost connections and time-outs; return the connection to go on with."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RETRY_FOR
        pause = 0.02
        while True:
            try:
                if connection is None or connection.broken or connection.closed:
                    connection = await connect_for_append(self._settings)
                    register_arrays(connection)
                await self._send(connection, batch)
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as refused:
                await self._isolate(connection, batch, refused)
            except (psycopg.OperationalError, psycopg.InternalError) as lost:
                logger.warning("append of %d requests failed, trying again: %s", len(batch), lost)
                if connection is not None:
                    with contextlib.suppress(psycopg.Error):
                        await connection.close()
                connection = None
                if loop.time() >= deadline:
                    for waiting in batch:
                        if not waiting.answer.done():
                            waiting.answer.set_exception(Unavailable("the event log cannot be reached", 2))
                    return None
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, 1.0)
                continue
            return connection

    async def _isolate(
        self, connection: Connection | None, batch: list[_Waiting], refused: psycopg.Error
    ) -> None:
        """Let a request that the database refuses fail alone."""
        if len(batch) == 1 or connection is None:
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(refused)
            return
        for waiting in batch:
            if waiting.answer.done():
                continue
            try:
                await self._send(connection, [waiting])
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
                waiting.answer.set_exception(error)

    async def _send(self, connection: Connection, batch: list[_Waiting]) -> None:
        requests = [w.request for w in batch]
        cursor = await connection.execute(CALL, arguments(requests, self._structural), binary=True)
        rows = await cursor.fetchall()
        first = 1
        for waiting, (_, outcome, value, stream) in zip(batch, rows, strict=True):
            answer = outcome_of(waiting.request, outcome, value, stream, first)
            first += len(waiting.request.writes)
            if answer is None:
                answer = await self.answered(connection, waiting.request.caller, waiting.request.command_id)
            if not waiting.answer.done():
                waiting.answer.set_result(answer)  # type: ignore[arg-type]  # recorded: it was found a moment ago

    @staticmethod
    async def answered(connection: Connection, caller: str, command_id: UUID) -> Replayed | None:
        """Look up what a command id was answered."""
        cursor = await connection.execute(
            "select request_hash, status, base, body from command_results where command_id = %s and caller = %s",
            [command_id, caller],
            binary=True,
        )
        row = await cursor.fetchone()
        return Replayed(*row) if row else None
