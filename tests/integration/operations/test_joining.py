"""Answers as they go over the line: whole ones in one piece, streams as they come, errors instead of halves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from running import serving
from starlette.types import Receive, Scope, Send

GO_ON = asyncio.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by path."""
    if scope["type"] == "lifespan":
        for said in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{said}.complete"})
        return
    start: dict[str, Any] = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-length", b"5")],
    }
    match scope["path"]:
        case "/whole":
            await send(start)
            await send({"type": "http.response.body", "body": b"whole"})
        case "/parts":
            await send(start)
            await send({"type": "http.response.body", "body": b"pa", "more_body": True})
            await send({"type": "http.response.body", "body": b"rts"})
        case "/stream":
            await send({**start, "headers": []})
            # Nothing more before the reader has seen the head.
            await GO_ON.wait()
            await send({"type": "http.response.body", "body": b"later"})
        case "/closing":
            await send({**start, "headers": [*start["headers"], (b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b"whole"})
        case "/splitting":
            await send({**start, "headers": [*start["headers"], (b"x-said", b"a\r\nx-more: b")]})
            await send({"type": "http.response.body", "body": b"whole"})
        case "/broken":
            await send(start)
            raise RuntimeError("what was begun cannot be finished")


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving(app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        yield reader, writer
        writer.close()
        await writer.wait_closed()


def request(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


async def test_answers_follow_each_other_on_one_connection() -> None:
    async with connected() as (reader, writer), asyncio.timeout(10):
        writer.write(request("/whole") + request("/parts") + request("/whole", "HEAD") + request("/parts"))
        for body in (b"whole", b"parts", b"", b"parts"):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"content-length: 5\r\n" in head
            assert await reader.readexactly(len(body)) == body


async def test_the_head_of_a_stream_comes_before_its_body() -> None:
    GO_ON.clear()
    async with connected() as (reader, writer), asyncio.timeout(10):
        writer.write(request("/stream"))
        assert b"transfer-encoding: chunked" in await reader.readuntil(b"\r\n\r\n")
        GO_ON.set()
        assert await reader.readuntil(b"0\r\n\r\n") == b"5\r\nlater\r\n0\r\n\r\n"


async def test_an_answer_that_breaks_before_its_body_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async with connected() as (reader, writer), asyncio.timeout(10):
        writer.write(request("/broken"))
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.endswith(b"Internal Server Error")
    assert "cannot be finished" in caplog.text


async def test_an_answer_says_when_it_is_the_last() -> None:
    async with connected() as (reader, writer), asyncio.timeout(10):
        writer.write(request("/closing"))
        answer = await reader.read()
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nwhole")
    async with connected() as (reader, writer), asyncio.timeout(10):
        writer.write(b"GET /whole HTTP/1.0\r\nHost: x\r\n\r\n")
        assert b"\r\nconnection: close\r\n" in await reader.read()


async def test_a_value_cannot_begin_another_header() -> None:
    async with connected() as (reader, writer), asyncio.timeout(10):
        writer.write(request("/splitting"))
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"x-more" not in answer
