"""The command socket: many commands under way at once on one connection, each answered when it is done."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from decklog.answers import Answer, BatchAnswer
from decklog.connecting import may_return, opened
from decklog.errors import DecklogError, Unreachable, problem_of
from decklog.keys import new_key
from decklog.retrying import Patience
from decklog.tokens import Tokens

_REFUSED = 400
IN_FLIGHT = 256

Told = dict[str, Any]


class _Asked:
    """A command under way: what was sent, and the future of whoever waits."""

    __slots__ = ("answer", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.answer: asyncio.Future[Told] = asyncio.get_running_loop().create_future()


class CommandSocket:
    """Runs commands on one connection, opened anew when it is lost; use it as `async with`.

    What was not answered is sent again under the same id, so nothing happens twice. At most `in_flight` commands are
    under way; others wait their turn.
    """

    def __init__(
        self,
        write_url: str,
        tokens: Tokens,
        patience: Patience,
        *,
        trust_env: bool,
        on_answer: Callable[[Answer | BatchAnswer], None],
        in_flight: int = IN_FLIGHT,
    ) -> None:
        self._url = f"{write_url}/api/commands/socket"
        self._tokens = tokens
        self._patience = patience
        self._trust_env = trust_env
        self._on_answer = on_answer
        self._free = asyncio.Semaphore(in_flight)
        self._asked: dict[str, _Asked] = {}
        self._socket: ClientConnection | None = None
        self._failures = 0
        self._runner: asyncio.Task[None] | None = None
        self._failed: DecklogError | None = None
        self._pause = 0.0

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close; whoever still waits is told `Unreachable`."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self._fail(Unreachable("the socket was closed"))

    async def command(self, name: str, *, key: str | None = None, **fields: Any) -> Answer:
        """Run a command, as `Client.command` does; a block's type is `block_type` here, for `type` is the command's.

        Raises:
            Problem: it was refused; of the class of its code.
            SocketEnded: this socket was closed for good.
            Unreachable: no answer came.
        """
        told = await self._ask(key, {"type": name, **fields})
        answer = Answer.of(told, replayed=told.get("replayed", False))
        self._on_answer(answer)
        return answer

    async def batch(
        self, commands: Sequence[Mapping[str, Any]], *, atomic: bool = True, key: str | None = None
    ) -> BatchAnswer:
        """Run commands together, as `Client.batch` does."""
        told = await self._ask(key, {"commands": list(commands), "atomic": atomic})
        answer = BatchAnswer.of(told, replayed=told.get("replayed", False))
        self._on_answer(answer)
        return answer

    async def _ask(self, key: str | None, message: Told) -> Told:
        key = key or new_key()
        if key in self._asked:
            raise ValueError(f"the key {key} is under way already")
        text = orjson.dumps({"id": key, **message}).decode()
        failures = 0
        failed: DecklogError
        while True:
            at_least = 0.0
            try:
                async with self._free:
                    told = await self._answer(key, text)
                if told["status"] < _REFUSED:
                    return told
                problem = problem_of(told["status"], told, told.get("retry_after", 0.0))
                if not problem.passing:
                    raise problem
                at_least, failed = problem.retry_after, problem
            except Unreachable as away:
                failed = away
            failures += 1
            if self._failed is not None or failures >= self._patience.attempts:
                raise failed
            await asyncio.sleep(self._patience.pause(failures, at_least))

    async def _answer(self, key: str, text: str) -> Told:
        if self._failed is not None:
            raise self._failed
        asked = self._asked[key] = _Asked(text)
        try:
            if self._socket is not None:
                # Lost with the connection, it is sent again on the next one.
                with suppress(ConnectionClosed):
                    await self._socket.send(text)
            # Who was not answered in time asks again: the id makes sure that nothing happens twice.
            async with asyncio.timeout(self._patience.timeout):
                return await asked.answer
        except TimeoutError:
            raise Unreachable(f"no answer came within {self._patience.timeout:.0f} s") from None
        finally:
            del self._asked[key]

    async def _run(self) -> None:
        while True:
            token = await self._tokens.current()
            try:
                await self._serve(
                    await opened(self._url, token, timeout=self._patience.timeout, trust_env=self._trust_env)
                )
            except ConnectionClosed as closed:
                try:
                    await may_return(closed, self._tokens, token)
                except DecklogError as final:
                    self._fail(final)
                    return
            except Unreachable as away:
                if self._failures >= self._patience.attempts:
                    self._fail(away)
                    return
            except Exception as error:
                # Nobody may wait for ever on a socket that nobody looks after.
                self._fail(Unreachable(f"the socket failed: {error!r}"))
                raise
            finally:
                self._socket = None
            self._failures += 1
            await asyncio.sleep(self._patience.pause(self._failures, self._pause))
            self._pause = 0.0

    async def _serve(self, socket: ClientConnection) -> None:
        unanswered = list(self._asked.values())
        # From here on who asks sends for himself.
        self._socket = socket
        try:
            for asked in unanswered:
                await socket.send(asked.text)
            while True:
                self._hear(orjson.loads(await socket.recv()))
        finally:
            await socket.close()

    def _hear(self, told: Told) -> None:
        self._failures = 0
        if told.get("type") == "bye":
            self._pause = told.get("retry_after_ms", 0) / 1000
            return
        asked = self._asked.get(str(told.get("id")))
        if asked is not None and not asked.answer.done():
            asked.answer.set_result(told)

    def _fail(self, error: DecklogError) -> None:
        self._failed = error
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(error)
