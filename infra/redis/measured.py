"""A Redis client that counts its round trips."""

import time
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError

from infra.telemetry.measures import Histogram

# These wait for something to happen: how long says nothing about the server.
_WAITING = frozenset({"XREAD", "XREADGROUP", "BLPOP", "BRPOP", "BZPOPMIN", "WAIT"})


@dataclass(slots=True)
class RedisMeasures:
    """What a client did. Times are in seconds."""

    seconds: Histogram = field(default_factory=Histogram)
    errors: int = 0


class MeasuredPipeline(Pipeline):
    """A pipeline of a measured client: one round trip, however many commands."""

    measures: RedisMeasures

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - the library's own signature
        """Send everything, and count how long that took."""
        begun = time.perf_counter()
        try:
            answers: list[Any] = await super().execute(raise_on_error)
        except NoScriptError:
            # How a script comes to the server: it is sent whole upon this.
            raise
        except Exception:
            self.measures.errors += 1
            raise
        self.measures.seconds.observe(time.perf_counter() - begun)
        return answers


class MeasuredRedis(Redis):
    """A client whose round trips are counted."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.measures = RedisMeasures()

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Send one command, and count how long that took."""
        begun = time.perf_counter()
        try:
            answer = await super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]  # as the library has it
        except NoScriptError:
            # How a script comes to the server: it is sent whole upon this.
            raise
        except Exception:
            self.measures.errors += 1
            raise
        if arguments[0] not in _WAITING:
            self.measures.seconds.observe(time.perf_counter() - begun)
        return answer

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002 - as above
        """Return a pipeline whose round trip is counted."""
        made = MeasuredPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.measures = self.measures
        return made

    @property
    def connections(self) -> int:
        """How many connections this client has opened."""
        pool = self.connection_pool
        return sum(len(getattr(pool, name, ())) for name in ("_available_connections", "_in_use_connections"))
