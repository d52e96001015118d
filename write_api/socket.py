"""`WS /api/commands/socket`: pipelined commands, answered as each is done.

A message is a command as in a batch, with an `id` that is its idempotency key; the answer holds the same `id`
and the status that HTTP would have. No more than so many are under way, in number and in bytes: past that nothing is
read, and the client's own socket fills up. A socket that ends first answers what it has taken.
"""

import logging

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from commands.answers import Answer
from commands.bus import Bus, Request
from infra.gate import Gate
from infra.http import close_codes
from infra.http.auth import Principal
from infra.http.close_codes import Close
from infra.http.crowd import Crowd
from infra.http.errors import DomainError, Invalid
from infra.http.overload import Load
from infra.http.problems import PayloadTooLarge
from infra.http.sockets import Ended, authenticated, chosen, is_from_page_of
from infra.limits.rules import costs_of, costs_of_all
from infra.settings import Settings
from write_api.asking import Asked
from write_api.batches import Batches, BatchRefused
from write_api.intake import (
    Batch,
    command_id,
    command_type,
    names_of,
    parse_batch,
    parse_command,
    request_hash,
)
from write_api.messages import Message, encoded
from write_api.pipeline import Pipeline, Speaker
from write_api.routes import caller_of
from write_api.wire import EXTENSION, CommandWire

logger = logging.getLogger(__name__)


class CommandSockets:
    """All command sockets of this process: an ASGI application, served on a `CommandWire`."""

    def __init__(self, bus: Bus, gate: Gate, settings: Settings) -> None:
        self._bus = bus
        self._batches = Batches(bus)
        self._gate = gate
        self._in_flight = settings.ws_commands_in_flight
        self._origins = frozenset(settings.cors_origins)
        self._crowd = Crowd(settings)
        self._load = Load(settings.ws_commands_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until either side ends it."""
        socket = WebSocket(scope, receive, send)
        # Accepted first: a browser sees the code of a closed socket, but not the status of a refused one.
        await socket.accept(chosen(socket))
        wire: CommandWire = scope["extensions"][EXTENSION]
        close = close_codes.BROKEN
        try:
            close = await self._serve(wire, self._admit(socket), scope)
        except Ended as ended:
            close = ended.close
        except Exception:
            logger.exception("a command socket failed")
        finally:
            wire.close(close.code, close.reason)

    def _admit(self, socket: WebSocket) -> Principal:
        if not is_from_page_of(socket.headers.get("origin"), socket.headers.get("host", ""), self._origins):
            raise Ended(close_codes.BAD_ORIGIN)
        self._crowd.require_room()
        return authenticated(socket, self._gate.authenticator)

    async def _serve(self, wire: CommandWire, principal: Principal, scope: Scope) -> Close:
        def speaker(now: Principal) -> Speaker:
            return Speaker(now, caller_of(now), self._gate.asker(now, scope))

        begun = speaker(principal)
        self._crowd.let_in(principal.user, begun.asker.address)
        try:
            pipeline = Pipeline(
                wire, self.run, self._gate.authenticator, begun, renewed=speaker, in_flight=self._in_flight
            )
            wire.begin(pipeline)
            return await pipeline.ended()
        finally:
            self._crowd.let_out(principal.user, begun.asker.address)

    async def run(self, message: Message, key: str | None, speaker: Speaker) -> Answer:
        """Run one message.

        Raises:
            DomainError: it was refused.
            BatchRefused: an atomic batch was refused for one of its commands.
        """
        load = self._load
        if load.full:
            raise load.refuse()
        load.enter()
        try:
            return await self._run(message, key, speaker)
        finally:
            load.in_flight -= 1

    async def _run(self, message: Message, key: str | None, speaker: Speaker) -> Answer:
        if "commands" in message and "type" not in message:
            return await self._run_batch(parse_batch(encoded(message)), key, speaker)
        name = message.pop("type", None)
        if not isinstance(name, str):
            raise Invalid.at("type", "is required: the command's name")
        known = command_type(name)
        asked = Asked(self._gate, speaker.asker, costs_of(name), command_id(key))
        admission = await asked.admit()
        try:
            body = encoded(message)
            if len(body) > known.MAX_BODY:
                raise PayloadTooLarge(
                    f"the command may have at most {known.MAX_BODY:,} bytes", limit=known.MAX_BODY
                )
            command = parse_command(known, body)
            keyed = key is not None
            request = Request(
                speaker.caller, asked.command_id, request_hash(command, keyed=keyed), (command,), keyed=keyed
            )
            return await self._bus.run(request)
        except DomainError:
            await asked.give_back(admission)
            raise

    async def _run_batch(self, batch: Batch, key: str | None, speaker: Speaker) -> Answer:
        asked = Asked(self._gate, speaker.asker, costs_of_all(names_of(batch)), command_id(key))
        admission = await asked.admit()
        try:
            return await self._batches.run(batch, speaker.caller, asked.command_id, keyed=key is not None)
        except (BatchRefused, DomainError):
            await asked.give_back(admission)
            raise
