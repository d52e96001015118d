"""Scripts that are asked for at once, sent to Redis in one round trip."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

# Calls in one pipeline.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A script with its keys, all of one slot, and arguments."""

    script: str
    keys: Sequence[str]
    arguments: Sequence[str | bytes | int]


class Together:
    """Runs scripts; those of one turn of the event loop share a round trip.

    A pipeline and no MGET: keys of several projects are in several slots of a cluster. Each call brings its
    script along, which the server knows by its hash: so a server that was restarted needs no second asking.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[Call, asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, call: Call) -> Any:
        """Run a script and return its answer.

        Raises:
            redis.exceptions.RedisError: it failed, or the server is away.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((call, answer))
        return await answer

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        for i in range(0, len(waiting), AT_ONCE):
            task = asyncio.create_task(self._send(waiting[i : i + AT_ONCE]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, waiting: Sequence[tuple[Call, asyncio.Future[Any]]]) -> None:
        answers: Sequence[Any]
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for call, _ in waiting:
                    pipeline.eval(call.script, len(call.keys), *call.keys, *call.arguments)
                answers = await pipeline.execute(raise_on_error=False)
        except asyncio.CancelledError:
            for _, future in waiting:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the answers are awaited
            answers = [error] * len(waiting)
        for (_, future), answer in zip(waiting, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
