"""The command socket: the same commands as over HTTP, pipelined."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from running import Person, System, opened_socket
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

JSON = dict[str, Any]


def url(system: System) -> str:
    return system.write_url.replace("http", "ws", 1) + "/api/commands/socket"


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> JSON:
    async with asyncio.timeout(5):
        answer: JSON = json.loads(await socket.recv())
        return answer


async def ask(socket: ClientConnection, **message: Any) -> JSON:
    await say(socket, **message)
    return await hear(socket)


def token(system: System, person: Person) -> str:
    return system.token(person.user)


async def test_a_command_is_answered_as_over_http(idle: System) -> None:
    person = idle.person()
    async with opened_socket(url(idle), token(idle, person)) as socket:
        key = str(uuid4())
        answer = await ask(socket, id=key, type="create-project", title="By socket")

        assert (answer["id"], answer["status"], answer["outcome"]) == (key, 201, "applied")
        over_http = await person.post("create-project", {"title": "By socket"}, **{"Idempotency-Key": key})
        assert over_http.headers["idempotency-replayed"] == "true"
        assert over_http.json() == {k: v for k, v in answer.items() if k not in {"id", "status"}}
        again = await ask(socket, id=key, type="create-project", title="By socket")
        assert again == {**answer, "replayed": True}
        other = await ask(socket, id=key, type="create-project", title="Another")
        assert (other["status"], other["code"]) == (422, "idempotency-mismatch")


async def test_many_are_under_way_at_once_and_each_is_answered(idle: System) -> None:
    person = idle.person()
    deck = await person.deck(slides=1, texts=1)
    async with opened_socket(url(idle), token(idle, person)) as socket:
        for n in range(900):
            await say(
                socket,
                id=n,
                type="edit-block",
                project_id=deck.id,
                block_id=deck.blocks[1],
                changes={"text": f"{n}"},
            )
        answers = [await hear(socket) for _ in range(900)]

    assert sorted(a["id"] for a in answers) == list(range(900))
    assert {a["status"] for a in answers} == {200}


async def test_refusals_name_the_field_and_leave_the_socket_open(idle: System) -> None:
    person, stranger = idle.person(), idle.person()
    deck = await person.deck(slides=1)
    async with opened_socket(url(idle), token(idle, stranger)) as socket:
        unknown = await ask(socket, id="a", type="fly")
        nameless = await ask(socket, id="b")
        wrong = await ask(socket, id="c", type="create-project", title=7)
        foreign = await ask(socket, id="d", type="rename-project", project_id=deck.id, title="x")
        bad_id = await ask(socket, id=[1], type="create-project", title="x")
        batch = await ask(
            socket,
            id="e",
            commands=[{"type": "create-project", "title": "One"}, {"type": "create-project", "title": ""}],
        )
        fine = await ask(socket, id="f", type="create-project", title="Fine")

    assert (unknown["status"], unknown["code"]) == (404, "not-found")
    assert nameless["errors"][0]["field"] == "type"
    assert (wrong["status"], wrong["errors"][0]["field"]) == (422, "title")
    assert (foreign["status"], foreign["code"]) == (404, "not-found")
    assert bad_id["errors"][0]["field"] == "id"
    assert (batch["status"], batch["index"]) == (422, 1)
    assert fine["status"] == 201


@pytest.mark.parametrize("text", ["{", "[]", "7", '"x"', '{"type": NaN}'])
async def test_what_is_no_message_closes_the_socket(idle: System, text: str) -> None:
    async with opened_socket(url(idle), token(idle, idle.person())) as socket:
        await socket.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


async def test_without_a_token_nobody_gets_in(idle: System) -> None:
    async with opened_socket(url(idle), "nonsense") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_token_is_renewed_in_band_for_the_same_user_only(idle: System) -> None:
    person = idle.person()
    async with opened_socket(url(idle), token(idle, person)) as socket:
        await say(socket, type="auth", token=token(idle, person))
        assert await ask(socket, type="ping") == {"type": "pong"}
        await say(socket, type="auth", token=token(idle, idle.person()))
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
