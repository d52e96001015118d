"""Real processes' parts for tests: both APIs on real sockets, workers, people who use them."""

import asyncio
import contextlib
import itertools
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psycopg
import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from infra.bootstrap import read_models
from infra.http.auth import issue
from infra.settings import Settings
from read_api.app import create_app as create_read_app
from read_api.serving import HTTP, DrainingServer
from tests.conftest import TAMPERING
from workers.app import Workers
from write_api.app import create_app as create_write_app
from write_api.wire import UVICORN

JSON = dict[str, Any]


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> Any:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer was {answer!r}"
        await asyncio.sleep(0.02)
    return answer


class _Server(DrainingServer):
    """A server that leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, **sockets: Any) -> AsyncIterator[str]:
    """Serve an app on a free port, as the product does, and give its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    options: JSON = {"http": HTTP, "ws": "websockets-sansio", **sockets}
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        proxy_headers=False,
        **options,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))

    async def started() -> bool:
        if task.done():
            task.result()
            raise AssertionError("the app did not start")
        return server.started

    try:
        await eventually(started, 10)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serving_read(settings: Settings) -> AsyncIterator[str]:
    async with serving(create_read_app(settings)) as url:
        yield url


@asynccontextmanager
async def serving_write(settings: Settings) -> AsyncIterator[str]:
    async with serving(create_write_app(settings), **UVICORN) as url:
        yield url


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """Run the workers; cancel the task to lose them."""
    task = asyncio.create_task(Workers(settings).run())
    try:
        yield task
        if task.done() and not task.cancelled():
            task.result()
    finally:
        await lose(task)


async def lose(task: asyncio.Task[None]) -> None:
    """End workers without a goodbye."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@dataclass
class Table:
    """Looks at the database past everything that is tested."""

    connection: psycopg.AsyncConnection[Any]

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(query.encode(), values)
        return await cursor.fetchall()

    async def value(self, query: str, *values: object) -> Any:
        return (await self.rows(query, *values))[0][0]

    async def head(self) -> int:
        return int(await self.value("select position from log_head"))

    async def positions(self, project: str, after: int = 0) -> list[int]:
        query = "select notification_id from stored_events where project_id = %s and notification_id > %s order by 1"
        return [p for (p,) in await self.rows(query, project, after)]

    async def caught_up(self, seconds: float = 10.0) -> int:
        """Wait until all models have reached the head of now in all four partitions."""
        head = await self.head()

        async def all_there() -> bool:
            known, least = (await self.rows("select count(*), min(position) from projection_checkpoints"))[0]
            return known == 4 * len(read_models()) and least >= head

        await eventually(all_there, seconds)
        return head


@asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[Table]:
    async with await psycopg.AsyncConnection.connect(
        settings.dsn, autocommit=True, options=TAMPERING
    ) as connection:
        yield Table(connection)


@dataclass
class System:
    """One database with its APIs."""

    settings: Settings
    table: Table
    read_url: str
    write_url: str
    client: httpx.AsyncClient
    names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, name: str | None = None, **more: Any) -> "Person":
        user = name or f"user-{next(self.names)}-{uuid4().hex[:6]}"
        return Person(self, user, self.token(user, **more))

    def token(
        self, user: str, ttl: float = 3600, secret: str | None = None, tier: str = "pro", scope: str = ""
    ) -> str:
        """A token; of a paying user, for tests write faster than people do."""
        key = secret or self.settings.jwt_secret
        return issue(key, user, now=time.time(), ttl=ttl, tier=tier, scope=scope)

    def reading(self, url: str) -> "System":
        """The same with another read API."""
        return System(self.settings, self.table, url, self.write_url, self.client, self.names)


@dataclass
class Person:
    """Somebody with a token."""

    system: System
    user: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def at(self, system: System) -> "Person":
        return Person(system, self.user, self.token)

    async def post(self, name: str, fields: Any, **headers: str) -> httpx.Response:
        path = f"/api/commands/{name}" if name else "/api/commands"
        return await self.system.client.post(
            self.system.write_url + path, content=orjson.dumps(fields), headers={**self.headers, **headers}
        )

    async def do(self, command: str, **fields: Any) -> JSON:
        """Run a command that has to succeed."""
        answer = await self.post(command, fields)
        assert answer.status_code in (200, 201), answer.text
        document: JSON = answer.json()
        return document

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.system.client.get(
            self.system.read_url + path, params=query, headers={**self.headers, **(headers or {})}
        )

    async def see(self, path: str, **query: Any) -> JSON:
        """Read what has to be there."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        document: JSON = answer.json()
        return document

    async def all_pages(self, path: str, **query: Any) -> list[JSON]:
        """Follow the cursors to the end."""
        items: list[JSON] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.see(path, **query, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            assert page["items"], "an empty page that goes on"
            cursor = {"cursor": page["next_cursor"]}

    async def deck(self, slides: int = 1, texts: int = 0) -> "Deck":
        """Make a project with slides, each with texts."""
        made = await self.do("create-project", title=f"A deck of {self.user}")
        deck = Deck(self, made["project_id"], made["position"])
        for s in range(slides):
            slide = await deck.add("slide", {"title": f"Slide {s}"})
            for t in range(texts):
                await deck.add("text", {"text": f"{s}.{t}"}, slide)
        return deck

    def live(self, project: str, **query: object) -> "contextlib.AbstractAsyncContextManager[Live]":
        return opened_live(self, project, **query)


@dataclass
class Deck:
    """A project as its maker knows it; `position` is that of the last change."""

    owner: Person
    id: str
    position: int
    blocks: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/api/projects/{self.id}"

    def at(self, person: Person) -> "Deck":
        """The same as another member uses it."""
        return Deck(person, self.id, self.position)

    async def change(self, command: str, **fields: Any) -> JSON:
        answer = await self.owner.do(command, project_id=self.id, **fields)
        self.position = answer["position"]
        return answer

    async def add(self, kind: str, content: JSON, parent: str | None = None) -> str:
        more = {"parent_id": parent} if parent else {}
        answer = await self.change("add-block", type=kind, content=content, **more)
        block: str = answer["result"]["block_id"]
        self.blocks.append(block)
        return block

    async def grant(self, person: Person, role: str) -> int:
        return int((await self.change("grant-access", user=person.user, role=role))["position"])

    async def revoke(self, person: Person) -> int:
        return int((await self.change("revoke-access", user=person.user))["position"])

    async def batch(self, commands: Sequence[JSON]) -> JSON:
        answer = await self.owner.post("", {"commands": [{"project_id": self.id, **c} for c in commands]})
        assert answer.status_code == 200, answer.text
        document: JSON = answer.json()
        self.position = document["position"]
        return document


@dataclass
class Live:
    """A live socket."""

    socket: ClientConnection
    welcome: JSON
    # What comes at any time, and is nothing that happened to the project; here it is skipped unless asked for.
    skipped: frozenset[str] = frozenset({"presence", "cursor", "job"})

    async def recv(self) -> JSON:
        while (message := orjson.loads(await self.socket.recv()))["type"] in self.skipped:
            pass
        found: JSON = message
        return found

    async def message(self, seconds: float = 5.0) -> JSON:
        async with asyncio.timeout(seconds):
            return await self.recv()

    async def until(self, kind: str, seconds: float = 5.0, **fields: Any) -> JSON:
        """Take messages until one is of this type and has these fields."""
        async with asyncio.timeout(seconds):
            while True:
                message: JSON = orjson.loads(await self.socket.recv())
                if message["type"] == kind and all(message.get(k) == v for k, v in fields.items()):
                    return message

    async def events(self, up_to: int, seconds: float = 10.0) -> list[JSON]:
        """Take events until one has this position or a later one."""
        found: list[JSON] = []
        async with asyncio.timeout(seconds):
            while not found or found[-1]["position"] < up_to:
                message = await self.recv()
                assert message.pop("type") == "event", message
                found.append(message)
        return found

    async def closed(self, seconds: float = 5.0) -> tuple[int, list[JSON]]:
        """Wait for the server to close; return the code and what came before."""
        found: list[JSON] = []
        async with asyncio.timeout(seconds):
            try:
                while True:
                    found.append(await self.recv())
            except ConnectionClosed as end:
                if end.rcvd is None:
                    raise
                return end.rcvd.code, found


def live_url(read_url: str, project: str, **query: object) -> str:
    url = httpx.URL(read_url.replace("http", "ws", 1) + f"/api/projects/{project}/live")
    return str(url.copy_merge_params({k: str(v) for k, v in query.items()}))


@asynccontextmanager
async def opened_socket(url: str, token: str | None) -> AsyncIterator[ClientConnection]:
    protocols = [Subprotocol("decklog.v1"), *([Subprotocol(f"bearer.{token}")] if token else [])]
    async with connect(url, subprotocols=protocols, proxy=None) as opened:
        yield opened


@asynccontextmanager
async def opened_live(person: Person, project: str, **query: object) -> AsyncIterator[Live]:
    url = live_url(person.system.read_url, project, **query)
    async with opened_socket(url, person.token) as opened:
        async with asyncio.timeout(5):
            welcome = orjson.loads(await opened.recv())
        assert welcome["type"] == "welcome"
        yield Live(opened, welcome)


@asynccontextmanager
async def system_on(settings: Settings) -> AsyncIterator[System]:
    """Serve both APIs on a database; workers are the test's to start."""
    async with (
        looking(settings) as table,
        serving_write(settings) as write_url,
        serving_read(settings) as read_url,
        # Connections are given up sooner than the server does it, which closes what is idle for five seconds.
        httpx.AsyncClient(timeout=10, limits=httpx.Limits(keepalive_expiry=2)) as client,
    ):
        yield System(settings, table, read_url, write_url, client)
