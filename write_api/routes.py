"""The command routes. They are hot routes: FastAPI's own cost a third of the rate on this path."""

from functools import partial
from typing import Final

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from commands.answers import Answer
from commands.bus import Bus, Request
from commands.messages.base import Command
from commands.ports import Caller
from infra.gate import Gate
from infra.http.auth import Principal
from infra.http.bodies import read_body
from infra.http.errors import DomainError
from infra.http.fields import fields_of, text_of
from infra.http.problems import MEDIA_TYPE, refusal
from infra.limits.answers import Standing
from infra.limits.rules import costs_of, costs_of_all
from infra.telemetry.tracing import is_parent
from write_api.asking import Asked
from write_api.batches import Batches, BatchRefused
from write_api.intake import (
    BATCH_BODY,
    COMMANDS,
    command_id,
    names_of,
    parse_batch,
    parse_command,
    request_hash,
    unknown_command,
)

OK = 300
AUTHORIZATION: Final = b"authorization"
KEY: Final = b"idempotency-key"
TRACE: Final = b"traceparent"


def caller_of(principal: Principal, parent: str | None = None) -> Caller:
    """Return who a token speaks for, as commands see it; `parent` is the trace that the client named."""
    kind = "machine" if "machine" in principal.scopes else "person"
    return Caller(
        principal.user,
        kind,
        principal.tier,
        principal.scopes,
        name=principal.name,
        email=principal.email,
        trace={"traceparent": parent} if parent is not None and is_parent(parent) else {},
    )


def _response(answer: Answer, standing: Standing | None) -> Response:
    headers = standing.headers() if standing is not None else {}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(
        answer.body, answer.status, headers, "application/json" if answer.status < OK else MEDIA_TYPE
    )


class CommandRoutes:
    """Posts to `/api/commands/<name>` and `/api/commands`."""

    def __init__(self, bus: Bus, gate: Gate) -> None:
        self._bus = bus
        self._gate = gate
        self._batches = Batches(bus)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            *(
                Route(
                    f"/api/commands/{name}",
                    partial(self.single, known),
                    methods=["POST"],
                    include_in_schema=False,
                )
                for name, known in COMMANDS.items()
            ),
            Route("/api/commands/{name}", self.unknown, methods=["POST"], include_in_schema=False),
            Route("/api/commands", self.batch, methods=["POST"], include_in_schema=False),
        ]

    async def unknown(self, http: HttpRequest) -> Response:
        """Refuse what is no command's name."""
        try:
            self._gate.authenticator.authorization(http.headers.get("authorization"))
            raise unknown_command(http.path_params["name"])
        except DomainError as error:
            return refusal(error)

    async def single(self, known: type[Command], http: HttpRequest) -> Response:
        """Run one command."""
        fields = fields_of(http.scope)
        try:
            principal = self._gate.authenticator.authorization(text_of(fields, AUTHORIZATION))
            key = text_of(fields, KEY)
            asked = Asked(
                self._gate, self._gate.asker(principal, http.scope), costs_of(known.NAME), command_id(key)
            )
            # Before the body is read: what is refused costs no more than that.
            admission = await asked.admit()
            try:
                command = parse_command(known, await read_body(http, known.MAX_BODY, fields))
                request = Request(
                    caller_of(principal, text_of(fields, TRACE)),
                    asked.command_id,
                    request_hash(command, keyed=key is not None),
                    (command,),
                    keyed=key is not None,
                )
                answer = await self._bus.run(request)
            except DomainError:
                await asked.give_back(admission)
                raise
            return _response(answer, admission.standing)
        except DomainError as error:
            return refusal(error)

    async def batch(self, http: HttpRequest) -> Response:
        """Run several commands: all or none of them, or each on its own."""
        try:
            principal = self._gate.authenticator.authorization(http.headers.get("authorization"))
            batch = parse_batch(await read_body(http, BATCH_BODY))
            key = http.headers.get("idempotency-key")
            caller = caller_of(principal, http.headers.get("traceparent"))
            keyed = key is not None
            asked = Asked(
                self._gate,
                self._gate.asker(principal, http.scope),
                costs_of_all(names_of(batch)),
                command_id(key),
            )
            admission = await asked.admit()
            try:
                answer = await self._batches.run(batch, caller, asked.command_id, keyed=keyed)
            except (BatchRefused, DomainError):
                await asked.give_back(admission)
                raise
            return _response(answer, admission.standing)
        except BatchRefused as refused:
            return refusal(refused.error, index=refused.index)
        except DomainError as error:
            return refusal(error)
