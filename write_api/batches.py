"""Several commands in one request: all or none of them, or each on its own."""

from dataclasses import replace
from uuid import UUID, uuid5

import orjson

from commands.answers import Answer
from commands.bus import Bus, FailedInBatch, Request
from commands.messages import Command
from commands.ports import Caller
from infra.http.errors import DomainError, problem_of
from write_api.intake import Batch, parse_item, request_hash

# Statuses below it are successes.
REFUSED = 300


class BatchRefused(Exception):
    """An atomic batch was refused for its command at `index`."""

    def __init__(self, error: DomainError, index: int) -> None:
        super().__init__(error.detail)
        self.error = error
        self.index = index


class Batches:
    """Runs batches."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def run(self, batch: Batch, caller: Caller, key: UUID, *, keyed: bool) -> Answer:
        """Run a batch.

        Raises:
            BatchRefused: it is atomic, and one of its commands was refused.
            DomainError: it was refused as a whole.
        """
        run = self._atomic if batch.atomic else self._each
        return await run(batch, caller, key, keyed=keyed)

    async def _atomic(self, batch: Batch, caller: Caller, key: UUID, *, keyed: bool) -> Answer:
        commands: list[Command] = []
        for i, item in enumerate(batch.commands):
            try:
                commands.append(parse_item(item))
            except DomainError as error:
                raise BatchRefused(error, i) from error
        request = Request(
            caller, key, request_hash(*commands, keyed=keyed, atomic=True), commands, batch=True, keyed=keyed
        )
        try:
            return await self._bus.run(request)
        except FailedInBatch as failed:
            raise BatchRefused(failed.error, failed.index) from failed

    async def _each(self, batch: Batch, caller: Caller, key: UUID, *, keyed: bool) -> Answer:
        results: list[dict[str, object]] = []
        position = 0
        template = Request(caller, key, b"", (), keyed=keyed)
        for i, item in enumerate(batch.commands):
            try:
                command = parse_item(item)
                answer = await self._bus.run(
                    replace(
                        template,
                        command_id=uuid5(key, str(i)),
                        request_hash=request_hash(command, keyed=keyed),
                        commands=(command,),
                    )
                )
                result = orjson.loads(answer.body)
                if answer.status < REFUSED:
                    position = max(position, result["position"])
            except DomainError as error:
                result = problem_of(error)
            results.append(result)
        return Answer(200, orjson.dumps({"position": position, "results": results}))
