"""The command routes. They are hot routes: FastAPI's own cost a third of the rate on this path."""

from dataclasses import replace
from uuid import UUID, uuid5

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from commands.answers import Answer
from commands.bus import Bus, FailedInBatch, Request
from commands.messages import Command
from commands.ports import Caller
from infra.http.auth import Authenticator, Principal
from infra.http.bodies import read_body
from infra.http.errors import DomainError, problem_of
from infra.http.problems import MEDIA_TYPE, refusal
from write_api.intake import (
    BATCH_BODY,
    Batch,
    command_id,
    command_type,
    parse_batch,
    parse_command,
    parse_item,
    request_hash,
)

OK = 300


def caller_of(principal: Principal) -> Caller:
    """Return who a token speaks for, as commands see it."""
    kind = "machine" if "machine" in principal.scopes else "person"
    return Caller(
        principal.user,
        kind,
        principal.tier,
        principal.scopes,
        name=principal.name,
        email=principal.email,
    )


def _response(answer: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else None
    return Response(
        answer.body, answer.status, headers, "application/json" if answer.status < OK else MEDIA_TYPE
    )


class CommandRoutes:
    """Posts to `/api/commands/<name>` and `/api/commands`."""

    def __init__(self, bus: Bus, authenticator: Authenticator) -> None:
        self._bus = bus
        self._authenticator = authenticator

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/api/commands/{name}", self.single, methods=["POST"], include_in_schema=False),
            Route("/api/commands", self.batch, methods=["POST"], include_in_schema=False),
        ]

    async def single(self, http: HttpRequest) -> Response:
        """Run one command."""
        try:
            principal = self._authenticator.authorization(http.headers.get("authorization"))
            known = command_type(http.path_params["name"])
            command = parse_command(known, await read_body(http, known.MAX_BODY))
            key = http.headers.get("idempotency-key")
            request = Request(
                caller_of(principal),
                command_id(key),
                request_hash(command),
                (command,),
                keyed=key is not None,
            )
            return _response(await self._bus.run(request))
        except DomainError as error:
            return refusal(error)

    async def batch(self, http: HttpRequest) -> Response:
        """Run several commands: all or none of them, or each on its own."""
        try:
            principal = self._authenticator.authorization(http.headers.get("authorization"))
            batch = parse_batch(await read_body(http, BATCH_BODY))
            key = http.headers.get("idempotency-key")
            run = self._atomic if batch.atomic else self._each
            return await run(batch, caller_of(principal), command_id(key), keyed=key is not None)
        except DomainError as error:
            return refusal(error)

    async def _atomic(self, batch: Batch, caller: Caller, key: UUID, *, keyed: bool) -> Response:
        commands: list[Command] = []
        for i, item in enumerate(batch.commands):
            try:
                commands.append(parse_item(item))
            except DomainError as error:
                return refusal(error, index=i)
        request = Request(
            caller, key, request_hash(*commands, atomic=True), commands, batch=True, keyed=keyed
        )
        try:
            return _response(await self._bus.run(request))
        except FailedInBatch as failed:
            return refusal(failed.error, index=failed.index)

    async def _each(self, batch: Batch, caller: Caller, key: UUID, *, keyed: bool) -> Response:
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
                        request_hash=request_hash(command),
                        commands=(command,),
                    )
                )
                result = orjson.loads(answer.body)
                if answer.status < OK:
                    position = max(position, result["position"])
            except DomainError as error:
                result = problem_of(error)
            results.append(result)
        return Response(
            orjson.dumps({"position": position, "results": results}), media_type="application/json"
        )
