"""The layer that counts requests: whatever happens inside, each is counted, traced, and answered safely."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from starlette.routing import Mount
from starlette.types import Message, Receive, Scope, Send

from infra.http.headers import API
from infra.http.layered import Layered
from infra.http.observed import Observed, Traffic
from infra.http.problems import install_problems

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def ask(app: Any, traffic: Traffic, method: str = "GET") -> list[Message]:
    said: list[Message] = []
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": "/x",
        "query_string": b"",
        "headers": [(b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())],
        "route": Mount("/x", app=answering(200)),
    }

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        said.append(message)

    await Observed(app, traffic, API)(scope, receive, send)
    return said


def answering(status: int, headers: Sequence[tuple[bytes, bytes]] = ()) -> Any:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b""})

    return app


async def test_an_answer_is_counted_and_gets_the_headers_it_lacks() -> None:
    traffic = Traffic()
    start, _ = await ask(answering(200, [(b"content-security-policy", b"its own")]), traffic)
    headers = start["headers"]
    assert [value for name, value in headers if name == b"content-security-policy"] == [b"its own"]
    assert (b"x-content-type-options", b"nosniff") in headers
    assert traffic.requests == {("/x", "GET", "200"): 1}
    assert traffic.seconds["/x",].count == 1
    assert traffic.in_flight == 0


async def test_what_fails_is_a_problem_without_internals_with_all_headers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_: Scope, __: Receive, ___: Send) -> None:
        raise ValueError("postgresql://me:secret@host is broken")

    traffic = Traffic()
    start, body = await ask(broken, traffic)
    assert start["status"] == 500
    document = orjson.loads(body["body"])
    assert document["code"] == "internal"
    assert b"secret" not in body["body"]
    assert b"ValueError" not in body["body"]
    assert {name for name, _ in API} <= {name for name, _ in start["headers"]}
    assert (b"x-trace-id", TRACE.encode()) in start["headers"]
    assert traffic.requests == {("/x", "GET", "500"): 1}
    assert [r.levelname for r in caplog.records] == ["ERROR"]


async def test_what_fails_within_the_framework_is_answered_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Layered([])
    install_problems(app)

    @app.get("/x")
    async def _() -> None:
        raise ValueError("postgresql://me:secret@host is broken")

    traffic = Traffic()
    start, body = await ask(app, traffic)
    assert start["status"] == 500
    assert orjson.loads(body["body"])["code"] == "internal"
    assert b"secret" not in body["body"]
    assert (b"x-trace-id", TRACE.encode()) in start["headers"]
    assert traffic.requests == {("/x", "GET", "500"): 1}
    assert [r.levelname for r in caplog.records] == ["ERROR"]


async def test_what_fails_after_its_answer_began_is_counted_and_ends_the_connection() -> None:
    async def broken(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    traffic = Traffic()
    with pytest.raises(ValueError, match=r"^$"):
        await ask(broken, traffic)
    assert traffic.in_flight == 0


async def test_a_rate_limits_refusal_is_counted_by_route() -> None:
    traffic = Traffic()
    await ask(answering(429), traffic)
    assert traffic.limited == {("/x",): 1}


async def test_clients_cannot_make_labels() -> None:
    traffic = Traffic()
    await ask(answering(200), traffic, "BREW")
    assert traffic.requests == {("/x", "other", "200"): 1}


async def test_an_event_stream_is_a_connection_and_not_a_slow_answer() -> None:
    traffic = Traffic()
    during: list[int] = []

    async def streaming(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        during.append(traffic.connections["events",])
        await send({"type": "http.response.body", "body": b""})

    await ask(streaming, traffic)
    assert during == [1]
    assert traffic.connections["events",] == 0
    assert traffic.whole().total == 0.0
