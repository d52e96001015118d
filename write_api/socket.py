"""`WS /api/commands/socket`: pipelined commands, answered as each is done.

A message is a command as in a batch, with an `id` that is its idempotency key; the answer holds the same `id`
and the status that HTTP would have. No more than so many are under way: past that nothing is read, and the
client's own socket fills up.
"""

import asyncio
import contextlib
import logging
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from commands.answers import Answer
from commands.bus import Bus, Request
from infra.gate import Gate
from infra.http import close_codes
from infra.http.auth import Authenticator, Principal, Unauthenticated
from infra.http.errors import DomainError, Invalid, problem_of
from infra.http.sockets import Ended, authenticated, chosen
from infra.limits.answers import Asker
from infra.limits.rules import costs_of, costs_of_all
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
from write_api.routes import caller_of

logger = logging.getLogger(__name__)

ID_LIMIT = 255
_SPECIAL = ("ping", "auth")


class CommandSockets:
    """All command sockets of this process."""

    def __init__(self, bus: Bus, gate: Gate, *, in_flight: int, connections: int) -> None:
        self._bus = bus
        self._batches = Batches(bus)
        self._gate = gate
        self._in_flight = in_flight
        self._connections = connections
        self._open = 0

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it; what was taken is finished first."""
        await socket.accept(chosen(socket))
        self._open += 1
        close = close_codes.BROKEN
        try:
            await _Session(self, socket, self._admit(socket)).serve()
        except Ended as ended:
            close = ended.close
        except WebSocketDisconnect:
            return
        except Exception:
            logger.exception("a command socket failed")
        finally:
            self._open -= 1
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(close.code, close.reason)

    def _admit(self, socket: WebSocket) -> Principal:
        if self._open > self._connections:
            raise Ended(close_codes.OVERLOADED)
        return authenticated(socket, self._gate.authenticator)

    @property
    def in_flight(self) -> int:
        """How many commands of one socket may be under way."""
        return self._in_flight

    @property
    def authenticator(self) -> Authenticator:
        """What verifies tokens."""
        return self._gate.authenticator

    def asker(self, principal: Principal, socket: WebSocket) -> Asker:
        """Return who asks, as limits see it."""
        return self._gate.asker(principal, socket.scope)

    async def run(
        self, message: dict[str, Any], key: str | None, principal: Principal, asker: Asker
    ) -> Answer:
        """Run one message.

        Raises:
            DomainError: it was refused.
            BatchRefused: an atomic batch was refused for one of its commands.
        """
        caller, keyed = caller_of(principal), key is not None
        if "commands" in message and "type" not in message:
            batch: Batch = parse_batch(orjson.dumps(message))
            asked = Asked(self._gate, asker, costs_of_all(names_of(batch)), command_id(key))
            admission = await asked.admit()
            try:
                return await self._batches.run(batch, caller, asked.command_id, keyed=keyed)
            except (BatchRefused, DomainError):
                await asked.give_back(admission)
                raise
        name = message.pop("type", None)
        if not isinstance(name, str):
            raise Invalid.at("type", "is required: the command's name")
        known = command_type(name)
        asked = Asked(self._gate, asker, costs_of(name), command_id(key))
        admission = await asked.admit()
        try:
            command = parse_command(known, orjson.dumps(message))
            request = Request(caller, asked.command_id, request_hash(command), (command,), keyed=keyed)
            return await self._bus.run(request)
        except DomainError:
            await asked.give_back(admission)
            raise


class _Session:
    """One accepted socket."""

    def __init__(self, sockets: CommandSockets, socket: WebSocket, principal: Principal) -> None:
        self._sockets = sockets
        self._socket = socket
        self._principal = principal
        self._asker = sockets.asker(principal, socket)
        self._free = asyncio.Semaphore(sockets.in_flight)
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        try:
            while True:
                # Taken before the next message is read: a client that asks too fast is not read from.
                await self._free.acquire()
                message = self._parse(await self._text())
                if message.get("type") in _SPECIAL and "id" not in message:
                    self._free.release()
                    await self._special(message)
                    continue
                if self._sockets.authenticator.ended(self._principal):
                    raise Ended(close_codes.UNAUTHENTICATED)
                task = asyncio.create_task(self._answer(message))
                self._running.add(task)
                task.add_done_callback(self._done)
        finally:
            if self._running:
                await asyncio.wait(self._running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The answer could not be sent: the socket is gone, and the reading end will hear of it.
            logger.debug("an answer was not sent: %r", error)

    async def _answer(self, message: dict[str, Any]) -> None:
        sent_id = message.pop("id", None)
        try:
            key = _key(sent_id)
            answer = await self._sockets.run(message, key, self._principal, self._asker)
            status, body = answer.status, answer.body
            if answer.replayed:
                body = b'{"replayed":true,' + body[1:]
        except BatchRefused as refused:
            status, body = _refused(refused.error, index=refused.index)
        except DomainError as error:
            status, body = _refused(error)
        except Exception:
            logger.exception("a command on a socket failed")
            status, body = 500, b'{"code":"internal","title":"Something went wrong here","status":500}'
        head = b'{"id":' + orjson.dumps(sent_id) + b',"status":' + str(status).encode()
        rest = body[1:] if body[:1] == b"{" else b"}"
        await self._socket.send_text((head + (b"," + rest if rest != b"}" else rest)).decode())

    async def _special(self, message: dict[str, Any]) -> None:
        if message["type"] == "ping":
            await self._socket.send_text('{"type":"pong"}')
            return
        try:
            principal = self._sockets.authenticator.authorization(f"Bearer {message.get('token')}")
        except Unauthenticated:
            raise Ended(close_codes.UNAUTHENTICATED) from None
        if principal.user != self._principal.user:
            raise Ended(close_codes.UNAUTHENTICATED)
        self._principal = principal
        self._asker = self._sockets.asker(principal, self._socket)

    async def _text(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        text: str | None = message.get("text")
        if text is None:
            raise Ended(close_codes.BAD_MESSAGE)
        return text

    @staticmethod
    def _parse(text: str) -> dict[str, Any]:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Ended(close_codes.BAD_MESSAGE) from None
        if not isinstance(message, dict):
            raise Ended(close_codes.BAD_MESSAGE)
        return message


def _key(sent_id: object) -> str | None:
    if sent_id is None:
        return None
    if isinstance(sent_id, int) and not isinstance(sent_id, bool):
        return str(sent_id)
    if isinstance(sent_id, str) and 0 < len(sent_id) <= ID_LIMIT:
        return sent_id
    raise Invalid.at("id", f"must be a text of 1 to {ID_LIMIT} characters, or a number", ID_LIMIT)


def _refused(error: DomainError, **more: int) -> tuple[int, bytes]:
    document = {**problem_of(error), **more}
    return document["status"], orjson.dumps({k: v for k, v in document.items() if k != "status"})
