"""One connection that commits batches, through lost connections, time-outs and requests that cannot be stored."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

import psycopg

from commands.ports import Append, Appended, AppendOutcome, Mismatch, Replayed
from domain.errors import Unavailable
from infra.postgres import one
from infra.postgres.batch import STATEMENTS, arguments, outcomes, single_arguments, single_outcomes
from infra.postgres.connections import Connection, connect_for_append
from infra.postgres.raw import Line
from infra.settings import Settings
from infra.telemetry.measures import SIZES, Histogram

logger = logging.getLogger(__name__)

_STATEMENTS = STATEMENTS | {"append_one": one.STATEMENT}
RETRY_FOR = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
# Seconds for one call. The server ends its own part after two (`transaction_timeout`): a line that says nothing
# for longer leads nowhere.
PATIENCE = 5.0
# What says nothing about the request: the server is away or overloaded, so it is sent again. An attempt that
# did succeed is found by its command id.
LOST = (psycopg.OperationalError, psycopg.InternalError, OSError)


@dataclass(slots=True, eq=False)
class Waiting:
    """A request in the queue, the future of whoever waits for it, and what it may not share a batch with."""

    request: Append
    answer: asyncio.Future[AppendOutcome]
    keys: set[int]
    # It goes through the functions for requests of one event.
    single: bool
    # It came with an id that can come again; without, it may have got one just to be sent again safely.
    keyed: bool = True
    # An attempt was sent, and its acknowledgement was lost.
    lost: bool = False

    def refuse(self, error: Exception) -> None:
        """Tell whoever waits that it failed."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class Measures:
    """What all connections of an appender did. Times are in seconds."""

    seconds: Histogram = field(default_factory=Histogram)
    requests: Histogram = field(default_factory=lambda: Histogram(SIZES))
    events: int = 0
    retries: int = 0


class Committer:
    """Commits one batch at a time."""

    def __init__(self, settings: Settings, structural: bytes, measures: Measures) -> None:
        self._settings = settings
        self._measures = measures
        self._structural = structural
        self._line: Line | None = None

    async def close(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line.release()
            with contextlib.suppress(psycopg.Error):
                await self._line.connection.close()
            self._line = None

    async def commit(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch and answer all who wait for it, one way or the other."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        deadline = begun + RETRY_FOR
        pause = FIRST_PAUSE
        alone = False
        while left := [w for w in batch if not w.answer.done()]:
            try:
                await (self._send_each if alone else self._send)(left)
            except LOST as lost:
                await self._lost(left, lost)
                if loop.time() >= deadline:
                    _refuse(left, Unavailable("the event log cannot be reached", retry_after=2))
                    return
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception as refused:  # noqa: BLE001 - whoever sent it gets it; the crew lives on
                # One of them cannot be encoded, or the database refuses it: it is to fail alone.
                if alone:
                    _refuse(left, refused)
                alone = True
        self._measures.seconds.observe(loop.time() - begun)
        self._measures.requests.observe(len(batch))
        self._measures.events += sum(len(w.request.events) for w in batch)

    async def _lost(self, left: Sequence[Waiting], error: Exception) -> None:
        logger.warning("append of %d requests failed, trying again: %s", len(left), error)
        self._measures.retries += 1
        for waiting in left:
            waiting.lost = True
        await self.close()

    async def _ready(self) -> Line:
        if self._line is None or self._line.is_lost:
            await self.close()
            self._line = Line(await connect_for_append(self._settings))
        return self._line

    async def _call(self, name: LiteralString, parameters: Sequence[bytes | None]) -> bytes:
        async with asyncio.timeout(PATIENCE):
            line = await self._ready()
            if name not in line.prepared:
                await line.prepare(name, *_STATEMENTS[name])
            return await line.call(name.encode(), parameters)

    async def _send_each(self, batch: Sequence[Waiting]) -> None:
        """Send requests one by one, so that each is answered or refused for itself."""
        for waiting in batch:
            try:
                await self._send([waiting])
            except LOST:
                raise
            except Exception as refused:  # noqa: BLE001 - as above
                waiting.refuse(refused)

    async def _send(self, batch: Sequence[Waiting]) -> None:
        unsettled: list[tuple[Waiting, AppendOutcome | None]] = []
        for waiting, outcome in zip(batch, await self._append(batch), strict=True):
            if outcome is None or waiting.lost:
                unsettled.append((waiting, outcome))
            elif not waiting.answer.done():
                waiting.answer.set_result(outcome)
        # After all others are on their way: this asks the database again.
        for waiting, outcome in unsettled:
            settled = await _settle(await self._ready(), waiting, outcome)
            if not waiting.answer.done():
                waiting.answer.set_result(settled)

    async def _append(self, batch: Sequence[Waiting]) -> Sequence[AppendOutcome | None]:
        requests = [w.request for w in batch]
        if not batch[0].single:
            return outcomes(
                requests, await self._call("append_events", arguments(requests, self._structural))
            )
        if len(requests) == 1:
            answer = await self._call("append_one", one.one_arguments(requests[0], self._structural))
            return [one.one_outcome(requests[0], answer)]
        answer = await self._call("append_single", single_arguments(requests, self._structural))
        return single_outcomes(requests, answer)


def _refuse(batch: Iterable[Waiting], error: Exception) -> None:
    for waiting in batch:
        waiting.refuse(error)


async def _settle(line: Line, waiting: Waiting, outcome: AppendOutcome | None) -> AppendOutcome:
    """Look up what was answered before, or whether a lost attempt did succeed."""
    request = waiting.request
    line.release()
    if outcome is None:
        known = await answered(line.connection, request.caller, request.command_id)
        if known is None:
            raise psycopg.InternalError("a recorded answer vanished")
        # Nobody else can have used an id that nobody else knows: that was the lost attempt.
        return known if waiting.keyed else Appended(known.base)
    if isinstance(outcome, Mismatch) and waiting.lost and not request.keyed:
        base = await _written(line.connection, request)
        return outcome if base is None else Appended(base)
    return outcome


async def answered(connection: Connection, caller: str, command_id: UUID) -> Replayed | None:
    """Look up what a command id was answered."""
    cursor = await connection.execute(
        "select request_hash, status, base, body from command_results where command_id = %s and caller = %s",
        [command_id, caller],
        binary=True,
    )
    row = await cursor.fetchone()
    return Replayed(*row) if row else None


async def _written(connection: Connection, request: Append) -> int | None:
    """Return the base of a request that nobody kept the answer of, if it was written after all."""
    first = request.events[0]
    cursor = await connection.execute(
        "select notification_id from stored_events"
        " where originator_id = %s and originator_version = %s and command_id = %s",
        [first.event.originator_id, first.event.originator_version, first.command_id],
        binary=True,
    )
    row = await cursor.fetchone()
    return row[0] - 1 if row else None
