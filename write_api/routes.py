"""The command routes. They are hot routes: FastAPI's own cost a third of the rate on this path."""

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from commands.answers import Answer
from commands.bus import Bus, Request
from commands.ports import Caller
from infra.http.auth import Authenticator, Principal
from infra.http.bodies import read_body
from infra.http.errors import DomainError
from infra.http.observed import LABEL
from infra.http.problems import MEDIA_TYPE, refusal
from infra.telemetry.tracing import is_parent
from write_api.batches import Batches, BatchRefused
from write_api.intake import (
    BATCH_BODY,
    command_id,
    command_type,
    parse_batch,
    parse_command,
    request_hash,
)

OK = 300


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
        self._batches = Batches(bus)

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
            http.scope[LABEL] = f"/api/commands/{known.NAME}"
            command = parse_command(known, await read_body(http, known.MAX_BODY))
            key = http.headers.get("idempotency-key")
            request = Request(
                caller_of(principal, http.headers.get("traceparent")),
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
            caller = caller_of(principal, http.headers.get("traceparent"))
            keyed = key is not None
            answer = await self._batches.run(batch, caller, command_id(key), keyed=keyed)
            return _response(answer)
        except BatchRefused as refused:
            return refusal(refused.error, index=refused.index)
        except DomainError as error:
            return refusal(error)
