"""Questions to the log that are asked at once, answered by one statement."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from projections.ports import LogReader, Recorded

# Streams in one statement.
AT_ONCE = 500

_Answer = asyncio.Future[Sequence[Recorded]]


class Asking:
    """Reads streams; what is asked for in one turn of the event loop is read together.

    The statement begins after the question was asked, so an answer is never older than its question.
    """

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self._waiting: dict[tuple[UUID, int], _Answer] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def stream(self, stream_id: UUID, after_version: int) -> Sequence[Recorded]:
        """Return a stream's events after a version."""
        key = (stream_id, after_version)
        answer = self._waiting.get(key)
        if answer is None:
            loop = asyncio.get_running_loop()
            if not self._waiting:
                loop.call_soon(self._begin)
            answer = self._waiting[key] = loop.create_future()
        # Who gives up does so alone.
        return await asyncio.shield(answer)

    def _begin(self) -> None:
        waiting, self._waiting = list(self._waiting.items()), {}
        for i in range(0, len(waiting), AT_ONCE):
            task = asyncio.create_task(self._read(dict(waiting[i : i + AT_ONCE])))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, waiting: Mapping[tuple[UUID, int], _Answer]) -> None:
        try:
            found = await self._found(list(waiting))
        except BaseException as error:
            for answer in waiting.values():
                if isinstance(error, asyncio.CancelledError):
                    answer.cancel()
                else:
                    answer.set_exception(error)
                    # Somebody may have given up waiting: the error is then nobody's.
                    answer.exception()
            if not isinstance(error, Exception):
                raise
            return
        for (stream_id, after), answer in waiting.items():
            events = found.get(stream_id, ())
            answer.set_result([e for e in events if e.event.originator_version > after])

    async def _found(self, keys: Sequence[tuple[UUID, int]]) -> Mapping[UUID, Sequence[Recorded]]:
        after: dict[UUID, int] = {}
        for stream_id, version in keys:
            after[stream_id] = min(version, after.get(stream_id, version))
        if len(after) == 1:
            [(stream_id, version)] = after.items()
            return {stream_id: await self._log.stream(stream_id, version)}
        found: dict[UUID, list[Recorded]] = {}
        for recorded in await self._log.streams(after):
            found.setdefault(recorded.event.originator_id, []).append(recorded)
        return found
