"""A process that is asked too much, and clients that send too slowly."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import orjson
import psycopg
import uvicorn
from running import System, eventually, serving_write
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.bodies import read_body
from infra.http.errors import DomainError
from infra.http.overload import Bounded, Load
from infra.http.patience import PatientProtocol
from infra.http.problems import refusal


class Hasty(PatientProtocol):
    head_patience = 0.3
    body_patience = 0.3
    look_every = 0.05


class Working:
    """An app whose answers wait until they are let go."""

    def __init__(self, limit: int) -> None:
        self.load = Load(limit)
        self.release = asyncio.Event()
        routes = [
            Route("/work", self.work, methods=["POST"]),
            Route("/api/health/live", self.health, methods=["GET"]),
        ]
        self.app = Bounded(Starlette(routes=routes), self.load)

    async def work(self, request: Request) -> Response:
        try:
            body = await read_body(request, 1_000_000)
        except DomainError as error:
            return refusal(error)
        await self.release.wait()
        return Response(str(len(body)))

    async def health(self, _: Request) -> Response:
        return Response("well")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving_hastily(app: Bounded) -> AsyncIterator[int]:
    server = _Server(uvicorn.Config(app, port=0, http=Hasty, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def test_what_is_over_the_limit_is_turned_away_at_once_and_the_rest_is_served() -> None:
    working = Working(3)
    async with (
        serving_hastily(working.app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        posts = [asyncio.create_task(client.post("/work", content=b"x")) for _ in range(3)]

        async def full() -> bool:
            return working.load.full

        await eventually(full)
        refused = await client.post("/work", content=b"x")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"] == "1"
        # Whoever asks whether it lives is answered.
        assert (await client.get("/api/health/live")).status_code == 200
        working.release.set()
        assert {answer.status_code for answer in await asyncio.gather(*posts)} == {200}
        assert (await client.post("/work", content=b"x")).status_code == 200
        assert (working.load.in_flight, working.load.refused) == (0, 1)


async def test_slow_senders_take_no_place_and_are_sent_away() -> None:
    working = Working(2)
    working.release.set()
    async with serving_hastily(working.app) as port:
        heads = b"POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        half_heads = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        half_bodies = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        for _, writer in half_heads:
            writer.write(heads[:20])
        for _, writer in half_bodies:
            writer.write(heads + b"12")
        begun = time.monotonic()
        # Meanwhile others are served, though there are five times as many slow ones as places.
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.post("/work", content=b"four")).text == "4"
        async with asyncio.timeout(20):
            for reader, writer in (*silent, *half_heads, *half_bodies):
                answer = await reader.read()
                assert answer in {
                    b"",
                    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                }
                writer.close()
        assert time.monotonic() - begun >= 0.2
        assert working.load.in_flight == 0


async def test_a_body_over_its_limit_is_refused_before_it_is_read(idle: System) -> None:
    ada = idle.person()
    answer = await ada.post("create-project", {"title": "x" * 2_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")


class Raw:
    """One connection, spoken to in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self._reader.readexactly(int(headers["content-length"]))
        return int(status.split()[1]), headers, body


async def test_a_full_process_turns_away_at_the_door_and_keeps_the_connection(idle: System) -> None:
    ada = idle.person()
    deck = await ada.deck()
    few = {"write_max_in_flight": 1, "cors_origins": ("https://decks.example",)}
    async with (
        serving_write(idle.settings.model_copy(update=few)) as url,
        httpx.AsyncClient(base_url=url, headers=ada.headers) as client,
        await psycopg.AsyncConnection.connect(idle.settings.dsn) as holding,
    ):
        path, command = "/api/commands/rename-project", {"project_id": deck.id, "title": "One"}
        await holding.execute("select position from log_head for update")
        first = asyncio.create_task(client.post(path, json=command))

        async def turned_away() -> httpx.Response | None:
            answer = await client.post("/api/commands/fly", json={})
            return answer if answer.status_code == 503 else None

        plain: httpx.Response = await eventually(turned_away)
        # Through the app, for its answer depends on where the page is from; else it is the same.
        page = await client.post("/api/commands/fly", json={}, headers={"Origin": "https://decks.example"})
        assert page.headers["access-control-allow-origin"] in {"*", "https://decks.example"}
        for answer in (plain, page):
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert plain.json() == page.json()
        assert (await client.get("/api/health/live")).status_code == 200

        raw = Raw(*await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1])))
        body = orjson.dumps({"project_id": deck.id, "title": "Two"})
        authorization = f"Authorization: Bearer {ada.token}"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        # Two at once, and a third whose body comes when it was answered already.
        raw.writer.write((head.encode() + body) * 2 + head.encode() + body[:5])
        for _ in range(3):
            assert (await raw.answer())[0] == 503
        raw.writer.write(body[5:])

        metrics = (await client.get("/metrics")).text
        assert re.search(r'http_requests_total{.*route="none".*status="503".*} [5-9]', metrics), metrics
        await holding.rollback()
        assert (await first).status_code == 200
        raw.writer.write(head.encode() + body)
        status, _, answered = await raw.answer()
        assert (status, orjson.loads(answered)["outcome"]) == (200, "applied")
        raw.writer.close()
