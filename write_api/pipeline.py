"""One command socket: what is under way on it, what waits, and how it ends."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import orjson

from commands.answers import Answer
from commands.ports import Caller
from infra.http import close_codes
from infra.http.auth import Authenticator, Principal, Unauthenticated
from infra.http.close_codes import Close
from infra.http.errors import DomainError, Invalid
from infra.http.sockets import Ended
from infra.limits.answers import Asker
from write_api.batches import BatchRefused
from write_api.intake import BATCH_BODY
from write_api.messages import Message, answered, echoed, failed, key_of, parsed, refused
from write_api.wire import CommandWire

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who is on a socket: by the token, as commands see it, and as limits see it."""

    principal: Principal
    caller: Caller
    asker: Asker


Run = Callable[[Message, str | None, Speaker], Awaitable[Answer]]

# Milliseconds: clients of a server that ends come back spread over so long.
BACK_AFTER, SPREAD = 250, 2_000
# Seconds: the longest that a timer is set for; a token may last for years.
LONGEST_TIMER: Final = 86_400.0


class Pipeline:
    """Serves one command socket.

    Args:
        run: carries a command out.
        renewed: says who speaks by a new token.
        in_flight: how many commands may be under way; their messages have at most as many bytes as one batch.
    """

    def __init__(
        self,
        wire: CommandWire,
        run: Run,
        authenticator: Authenticator,
        speaker: Speaker,
        *,
        renewed: Callable[[Principal], Speaker],
        in_flight: int,
    ) -> None:
        self._wire = wire
        self._run = run
        self._authenticator = authenticator
        self._most = in_flight
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[Close] = self._loop.create_future()
        # By number: a task that wants to know which it is pays for that.
        self._running: dict[int, asyncio.Task[None]] = {}
        self._begun = 0
        self._bytes = 0
        self._waiting: deque[bytes] = deque()
        self._speaker = speaker
        self._renewed = renewed
        self._timer = self._expire_later()
        # Whoever says nothing has no message to be refused.
        self._unwatch = authenticator.revocations.watch(self._mind_token)

    async def ended(self) -> Close:
        """Wait until the socket is to be closed and all that was taken is answered; return how to close it."""
        try:
            close = await self._end
        finally:
            self._timer.cancel()
            self._unwatch()
        if self._running:
            await asyncio.wait(self._running.values())
        if close is close_codes.GOING_AWAY:
            pause = BACK_AFTER + random.randrange(SPREAD)  # noqa: S311 - jitter, not a secret
            self._wire.say(orjson.dumps({"type": "bye", "reason": close.reason, "retry_after_ms": pause}))
        return close

    def take(self, text: bytes) -> None:
        """Begin what a message asks for, or keep it while too much is under way."""
        if self._end.done():
            return
        if self._waiting or not self._has_room():
            self._waiting.append(text)
            self._wire.hold()
        else:
            self._begin(text)

    def take_binary(self) -> None:
        """End, for a message is a text."""
        self._finish(close_codes.BAD_MESSAGE)

    def resumed(self) -> None:
        """Go on, for the client reads again."""
        self._go_on()

    def drain(self) -> None:
        """End, for the server does."""
        self._finish(close_codes.GOING_AWAY)

    def lost(self) -> None:
        """End, for the client is gone; what was taken is carried out."""
        self._finish(close_codes.BROKEN)

    def _has_room(self) -> bool:
        return len(self._running) < self._most and self._bytes < BATCH_BODY and not self._wire.clogged

    def _go_on(self) -> None:
        while self._waiting and not self._end.done() and self._has_room():
            self._begin(self._waiting.popleft())
        if not self._waiting and not self._end.done() and self._has_room():
            self._wire.release()

    def _finish(self, close: Close) -> None:
        if not self._end.done():
            self._end.set_result(close)
            self._waiting.clear()
            self._wire.hold()

    def _begin(self, text: bytes) -> None:
        try:
            message = parsed(text)
            if message.get("type") in ("ping", "auth") and "id" not in message:
                self._special(message)
                return
            if self._authenticator.ended(self._speaker.principal):
                raise Ended(close_codes.UNAUTHENTICATED)  # noqa: TRY301 - as what is called above does
        except Ended as ended:
            self._finish(ended.close)
            return
        self._bytes += len(text)
        self._begun += 1
        self._running[self._begun] = self._loop.create_task(self._answer(message, len(text), self._begun))

    async def _answer(self, message: Message, size: int, number: int) -> None:
        sent_id = message.pop("id", None)
        echo = echoed(sent_id)
        try:
            text = answered(echo, await self._run(message, key_of(sent_id), self._speaker))
        except BatchRefused as batch:
            text = refused(echo, batch.error, index=batch.index)
        except DomainError as error:
            text = refused(echo, error)
        except (Exception, asyncio.CancelledError):
            # What it waited for may have been cancelled, and not it: whoever asked still waits.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            logger.exception("a command on a socket failed")
            text = failed(echo)
        finally:
            # Here, and not by a callback, which is a turn of the loop more.
            self._bytes -= size
            del self._running[number]
        self._wire.say(text)
        if self._wire.held:
            self._go_on()

    def _special(self, message: Message) -> None:
        if message["type"] == "ping":
            self._wire.say(b'{"type":"pong"}')
            return
        token = message.get("token")
        try:
            if not isinstance(token, str):
                raise Invalid.at("token", "must be a text")
            principal = self._authenticator.token(token)
        except (Unauthenticated, Invalid):
            raise Ended(close_codes.UNAUTHENTICATED) from None
        if principal.user != self._speaker.principal.user:
            raise Ended(close_codes.UNAUTHENTICATED)
        self._speaker = self._renewed(principal)
        self._timer.cancel()
        self._timer = self._expire_later()

    def _expire_later(self) -> asyncio.TimerHandle:
        left = min(self._speaker.principal.expires - time.time(), LONGEST_TIMER)
        return self._loop.call_later(max(0.0, left), self._expire)

    def _expire(self) -> None:
        self._mind_token()
        if not self._end.done():
            self._timer = self._expire_later()

    def _mind_token(self) -> None:
        if self._authenticator.ended(self._speaker.principal):
            self._finish(close_codes.UNAUTHENTICATED)
