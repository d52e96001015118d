"""The client: commands, queries, live events."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from decklog.answers import Answer, BatchAnswer, Document
from decklog.errors import Problem, Unauthenticated, Unreachable, problem_of
from decklog.keys import new_key
from decklog.live import Subscription
from decklog.retrying import Patience
from decklog.socket import CommandSocket
from decklog.tokens import Tokens, TokenSource

_PAGE = 500


class Client:
    """Speaks for one person or machine; use it as `async with`.

    Args:
        write_url, read_url: where the two APIs are, such as `https://decks.example.org`; one address may be both.
        token: a bearer token, or an async function that gives one and is asked again when it has ended.
        patience: how often and how long to try again what fails for a moment.
        trust_env: whether proxies named in the environment are used.
    """

    def __init__(
        self,
        write_url: str,
        read_url: str,
        token: TokenSource,
        *,
        patience: Patience | None = None,
        trust_env: bool = False,
    ) -> None:
        self._write_url = write_url.rstrip("/")
        self._read_url = read_url.rstrip("/")
        self._tokens = Tokens(token)
        self._patience = patience or Patience()
        self._trust_env = trust_env
        self._http = httpx.AsyncClient(timeout=self._patience.timeout, trust_env=trust_env)
        # The position of the last write, by project, and of all.
        self._written: dict[str, int] = {}
        self._last = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def wrote(self, answer: Answer | BatchAnswer) -> None:
        """Have queries show what was answered to somebody else, such as another process of the same user."""
        self._last = max(self._last, answer.position)
        for one in answer.results if isinstance(answer, BatchAnswer) else [answer]:
            if isinstance(one, Answer):
                self._written[one.project_id] = max(self._written.get(one.project_id, 0), one.position)

    # Commands.

    async def command(self, name: str, *, key: str | None = None, **fields: Any) -> Answer:
        """Run a command; repeating it under the same `key` gives the first answer again.

        Raises:
            Problem: it was refused; of the class of its code.
            Unreachable: no answer came.
        """
        answer = await self._post(f"/api/commands/{name}", fields, key)
        found = Answer.of(orjson.loads(answer.content), replayed=_is_replayed(answer))
        self.wrote(found)
        return found

    async def batch(
        self, commands: Sequence[Mapping[str, Any]], *, atomic: bool = True, key: str | None = None
    ) -> BatchAnswer:
        """Run commands, each with its name as `type`: all or none of them, or each on its own.

        Raises:
            Problem: an atomic batch was refused for its command at `index`.
            Unreachable: no answer came.
        """
        body = {"commands": list(commands), "atomic": atomic}
        answer = await self._post("/api/commands", body, key)
        found = BatchAnswer.of(orjson.loads(answer.content), replayed=_is_replayed(answer))
        self.wrote(found)
        return found

    async def upload(self, project_id: str, data: bytes, media_type: str) -> Mapping[str, Any]:
        """Put a file into a project: `{asset_id, sha256, size, type}`. The same bytes are the same asset."""
        answer = await self._patiently(
            "POST",
            f"{self._write_url}/api/assets",
            params={"project_id": project_id},
            content=data,
            headers={"Content-Type": media_type},
        )
        found: Mapping[str, Any] = orjson.loads(answer.content)
        return found

    @asynccontextmanager
    async def commands(self) -> AsyncIterator[CommandSocket]:
        """Open a command socket: many commands under way at once, several times as fast as by `command`."""
        socket = CommandSocket(
            self._write_url, self._tokens, self._patience, trust_env=self._trust_env, on_answer=self.wrote
        )
        async with socket:
            yield socket

    # Queries.

    async def get(self, path: str, *, min_position: int | None = None, **query: Any) -> Document:
        """Ask for a document, such as `/projects/{id}`; it shows what this client wrote before.

        Args:
            path: below `/api`.
            min_position: the position that the answer has to show at least; 0: whatever is known.
            query: further parameters; None leaves one out.
        """
        parameters = {name: _plain(value) for name, value in query.items() if value is not None}
        least = self._least(path) if min_position is None else min_position
        if least:
            parameters["min_position"] = str(least)
        answer = await self._patiently("GET", f"{self._read_url}/api{path}", params=parameters)
        position = int(answer.headers.get("X-Decklog-Position", 0))
        return Document(orjson.loads(answer.content), position, answer.headers.get("ETag"))

    async def items(self, path: str, *, limit: int = _PAGE, **query: Any) -> AsyncIterator[Any]:
        """Iterate over a list to its end, page by page."""
        cursor: str | None = None
        while True:
            page = (await self.get(path, limit=limit, cursor=cursor, **query)).body
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def follow(self, project_id: str, after: int | None = None) -> Subscription:
        """Follow a project's events after a position (None: from now on), through any loss of the connection.

        Iterate over it; every event comes once and in order. `async with` it to leave it in the middle.
        """
        return Subscription(
            self._read_url, project_id, self._tokens, self._patience, after=after, trust_env=self._trust_env
        )

    # How requests are made.

    def _least(self, path: str) -> int:
        parts = path.partition("?")[0].strip("/").split("/")
        if parts[0] == "projects" and len(parts) > 1:
            return self._written.get(parts[1], 0)
        return self._last

    async def _post(self, path: str, body: Mapping[str, Any], key: str | None) -> httpx.Response:
        return await self._patiently(
            "POST",
            self._write_url + path,
            content=orjson.dumps(body),
            headers={"Content-Type": "application/json", "Idempotency-Key": key or new_key()},
        )

    async def _patiently(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Send a request until it is answered for good; a repeat carries the same key, and so does nothing twice."""
        failures = 0
        token = await self._tokens.current()
        while True:
            try:
                return await self._once(
                    method, url, {**(headers or {}), "Authorization": f"Bearer {token}"}, more
                )
            except Unauthenticated:
                failures += 1
                other = await self._tokens.renewed(token)
                if other is None or failures >= self._patience.attempts:
                    raise
                token = other
            except (Problem, Unreachable) as failed:
                failures += 1
                passing = isinstance(failed, Unreachable) or failed.passing
                if not passing or failures >= self._patience.attempts:
                    raise
                at_least = failed.retry_after if isinstance(failed, Problem) else 0.0
                if at_least > self._patience.timeout:
                    raise
                await asyncio.sleep(self._patience.pause(failures, at_least))

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], more: Mapping[str, Any]
    ) -> httpx.Response:
        try:
            answer = await self._http.request(method, url, headers=headers, **more)
        except httpx.TransportError as error:
            raise Unreachable(f"{method} {url}: {error or type(error).__name__}") from error
        if answer.is_error:
            raise problem_of(answer.status_code, _body(answer), _seconds(answer.headers.get("Retry-After")))
        return answer


def _is_replayed(answer: httpx.Response) -> bool:
    replayed: str | None = answer.headers.get("Idempotency-Replayed")
    return replayed == "true"


def _body(answer: httpx.Response) -> Any:
    try:
        return orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else 0.0


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
