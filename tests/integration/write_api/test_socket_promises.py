"""What the command socket promises beside answering: limits, bounds, and how it ends."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import psycopg
import pytest
from running import Person, System, eventually, opened_socket, serving_write
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from infra.postgres.connections import pool
from infra.postgres.token_revocations import TokenRevocations

JSON = dict[str, Any]


def url(write_url: str) -> str:
    return write_url.replace("http", "ws", 1) + "/api/commands/socket"


async def hear(socket: ClientConnection) -> JSON:
    async with asyncio.timeout(15):
        answer: JSON = json.loads(await socket.recv())
        return answer


async def ask(socket: ClientConnection, **message: Any) -> JSON:
    await socket.send(json.dumps(message))
    return await hear(socket)


async def code_of(socket: ClientConnection) -> int:
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@asynccontextmanager
async def stopped_log(system: System) -> AsyncIterator[None]:
    """Let no append through."""
    async with await psycopg.AsyncConnection.connect(system.settings.dsn) as connection:
        await connection.execute("select position from log_head for update")
        yield


def edit(deck: Any, n: int, text: str = "") -> str:
    changes = {"title": f"{n} {text}"}
    return json.dumps(
        {
            "id": f"{deck.id} {n}",
            "type": "edit-block",
            "project_id": deck.id,
            "block_id": deck.blocks[0],
            "changes": changes,
        }
    )


async def test_past_what_may_be_under_way_nothing_is_read(idle: System) -> None:
    ada = idle.person()
    deck = await ada.deck()
    few = idle.settings.model_copy(update={"ws_commands_in_flight": 4})
    count, body = 400, "x" * 9_000
    async with serving_write(few) as write_url, opened_socket(url(write_url), ada.token) as socket:
        await ask(socket, type="ping")

        async def send() -> None:
            # Larger than what sockets and loops hold on their own: some 40 MB.
            for n in range(count):
                await socket.send(
                    json.dumps(
                        {
                            "id": n,
                            "type": "rename-project",
                            "project_id": deck.id,
                            "title": f"{n}",
                            "x": body * 10,
                        }
                    )
                    if n >= 4
                    else edit(deck, n)
                )

        async with stopped_log(idle), opened_socket(url(write_url), ada.token) as other:
            sending = asyncio.create_task(send())

            async def stuck() -> bool:
                return socket.transport.get_write_buffer_size() > 0

            await eventually(stuck, 10)
            for _ in range(50):
                await ask(other, type="ping")
            assert not sending.done()
        answers = [await hear(socket) for _ in range(count)]
        await sending
    assert [a["status"] for a in answers if isinstance(a["id"], str)] == [200] * 4
    assert {a["status"] for a in answers if isinstance(a["id"], int)} == {422}


async def test_what_was_taken_is_answered_before_the_server_ends(idle: System) -> None:
    ada = idle.person()
    deck = await ada.deck()
    ending = asyncio.Event()
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with serving_write(idle.settings) as write_url:
            opened.set_result(write_url)
            await ending.wait()

    serving = asyncio.create_task(serve())
    write_url = await opened
    async with opened_socket(url(write_url), ada.token) as socket:
        await ask(socket, type="ping")
        async with stopped_log(idle):
            for n in range(20):
                await socket.send(edit(deck, n))
            # Answered by the same loop after all of them were taken.
            assert await ask(socket, type="ping") == {"type": "pong"}
            ending.set()

            async def refuses() -> bool:
                try:
                    async with connect(url(write_url), proxy=None):
                        return False
                except (OSError, InvalidHandshake):
                    return True

            await eventually(refuses)
        said = [await hear(socket) for _ in range(21)]
        assert await code_of(socket) == 1012
    await serving
    assert [(m["id"], m["status"]) for m in said[:20]] == [(f"{deck.id} {n}", 200) for n in range(20)]
    assert said[20]["type"] == "bye"
    assert 0 < said[20]["retry_after_ms"] < 5_000


async def test_a_socket_ends_with_its_token_unless_it_is_renewed(idle: System) -> None:
    ada = idle.person()
    async with (
        opened_socket(url(idle.write_url), idle.token(ada.user, ttl=2)) as one,
        opened_socket(url(idle.write_url), idle.token(ada.user, ttl=2)) as other,
    ):
        begin = time.time()
        await other.send(json.dumps({"type": "auth", "token": ada.token}))
        assert await code_of(one) == 4401
        assert time.time() - begin < 8
        assert await ask(other, type="ping") == {"type": "pong"}


async def test_who_says_nothing_is_sent_away_when_the_token_is_revoked(idle: System) -> None:
    ada, grace = idle.person(), idle.person()
    lost = idle.token(ada.user)
    jti = jwt.decode(lost, options={"verify_signature": False})["jti"]
    address = url(idle.write_url)
    async with (
        pool(idle.settings, "test") as connections,
        opened_socket(address, lost) as one,
        opened_socket(address, lost) as renewed,
        opened_socket(address, ada.token) as other,
        opened_socket(address, grace.token) as hers,
    ):
        for socket in (one, renewed, other, hers):
            await ask(socket, type="ping")
        await renewed.send(json.dumps({"type": "auth", "token": ada.token}))
        revocations = TokenRevocations(connections)
        await revocations.revoke_token(jti, "lost")
        assert await code_of(one) == 4401
        # Who has shown another token since goes on, and so do the user's other sockets.
        for socket in (renewed, other):
            assert await ask(socket, type="ping") == {"type": "pong"}
        await revocations.revoke_user(ada.user, "a test")
        assert [await code_of(socket) for socket in (renewed, other)] == [4401, 4401]
        assert await ask(hers, type="ping") == {"type": "pong"}


@pytest.mark.parametrize("token", [None, 7, "", "x"])
async def test_a_new_token_that_is_none_closes_4401(idle: System, token: object) -> None:
    async with opened_socket(url(idle.write_url), idle.person().token) as socket:
        await socket.send(json.dumps({"type": "auth", "token": token}))
        assert await code_of(socket) == 4401


async def test_pages_of_elsewhere_may_not_connect(idle: System) -> None:
    ada = idle.person()

    async def opened(origin: str | None) -> JSON | int:
        headers = {"Authorization": f"Bearer {ada.token}", **({"Origin": origin} if origin else {})}
        async with connect(url(idle.write_url), additional_headers=headers, proxy=None) as socket:
            try:
                return await ask(socket, type="ping")
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0

    assert await opened("https://evil.example") == 4406
    assert await opened("null") == 4406
    assert await opened(idle.write_url) == {"type": "pong"}
    assert await opened(None) == {"type": "pong"}


async def test_one_user_may_have_so_many_sockets(idle: System) -> None:
    few = idle.settings.model_copy(update={"ws_max_per_user": 2})
    ada, eve = idle.person(), idle.person()
    async with serving_write(few) as write_url, opened_socket(url(write_url), ada.token) as first:
        await ask(first, type="ping")
        async with opened_socket(url(write_url), ada.token) as second:
            await ask(second, type="ping")
            async with opened_socket(url(write_url), ada.token) as third:
                assert await code_of(third) == 4429
            async with opened_socket(url(write_url), eve.token) as other:
                assert await ask(other, type="ping") == {"type": "pong"}

        async def room() -> bool:
            async with opened_socket(url(write_url), ada.token) as again:
                try:
                    return await ask(again, type="ping") == {"type": "pong"}
                except ConnectionClosed:
                    return False

        await eventually(room)


async def compared(ada: Person, idle: System, command: JSON) -> tuple[JSON, JSON]:
    """Run a command over both; what they have in common has to be the same."""
    async with opened_socket(url(idle.write_url), ada.token) as socket:
        on_socket = await ask(socket, id="one", **command)
    body = json.dumps({k: v for k, v in command.items() if k != "type"})
    address = f"{idle.write_url}/api/commands/{command['type']}"
    over_http = await idle.client.post(address, content=body, headers=ada.headers)
    return on_socket, {"status": over_http.status_code, **over_http.json()}


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "create-project", "title": "x" * 201},
        {"type": "create-project", "title": "x" * 300_000},
        {"type": "create-project", "title": "x", "theme_id": 12345678901234567890123},
        {"type": "import-markdown", "text": ""},
        {"type": "create-project"},
    ],
    ids=lambda f: str(f)[:50],
)
async def test_the_limits_are_those_of_http(idle: System, fields: JSON) -> None:
    on_socket, over_http = await compared(idle.person(), idle, fields)
    assert on_socket["status"] >= 400
    assert {k: v for k, v in on_socket.items() if k != "id"} == {
        k: v for k, v in over_http.items() if k in on_socket
    } | {"detail": on_socket["detail"]}


async def test_a_batch_may_be_as_large_as_over_http(idle: System) -> None:
    ada = idle.person()
    deck = await ada.deck()
    add = {"type": "add-block", "project_id": deck.id, "block_type": "text", "parent_id": deck.blocks[0]}
    commands = [{**add, "content": {"text": "x" * 9_000}} for _ in range(100)]
    async with opened_socket(url(idle.write_url), ada.token) as socket:
        answer = await ask(socket, id="large", commands=commands)
    assert (answer["status"], len(answer["results"])) == (200, 100)
