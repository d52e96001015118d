"""The document against what sockets really say."""

import asyncio
from typing import Any

import orjson
from documented import Judge, described
from running import JSON, Live, System, opened_socket
from websockets.asyncio.client import ClientConnection


async def all_of(live: Live, judge: Judge, wanted: set[str]) -> None:
    async with asyncio.timeout(15):
        seen = {live.welcome["type"]}
        judge("live.server.welcome", live.welcome)
        while not wanted <= seen:
            message = orjson.loads(await live.socket.recv())
            judge(f"live.server.{message['type']}", message)
            seen.add(message["type"])


async def test_what_a_live_socket_says_is_what_the_document_says(system: System) -> None:
    judge = Judge(await described(system))
    ada, grace = system.person(), system.person()
    deck = await ada.deck(texts=1)
    await deck.grant(grace, "editor")
    edit: JSON = {"block_id": deck.blocks[1], "base_version": 1}
    async with ada.live(deck.id, after=0) as hers, grace.live(deck.id) as other:
        place = {"block_id": deck.blocks[1], "field": "text", "offset": 3, "x": 0.5, "y": 2}
        selected = {"block_id": deck.blocks[1], "block_ids": [deck.blocks[1]], "start": 0, "end": 4}
        for message in ({"type": "cursor", **place}, {"type": "selection", **selected}):
            judge(f"live.client.{message['type']}", message)
            await other.socket.send(orjson.dumps(message).decode())
        await deck.change("edit-block", **edit, changes={"text": "one"})
        await deck.at(grace).change("edit-block", **edit, changes={"text": "two"})
        await hers.socket.send('{"type":"ping"}')
        await all_of(hers, judge, {"event", "conflict", "presence", "cursor", "pong"})
    assert judge.seen["live.server.event"] >= 4


async def test_what_a_command_socket_says_is_what_the_document_says(system: System) -> None:
    judge = Judge(await described(system))
    ada = system.person()
    deck = await ada.deck()
    url = system.write_url.replace("http", "ws", 1) + "/api/commands/socket"

    async def ask(socket: ClientConnection, name: str, answer: str, **message: Any) -> None:
        judge(f"commands.client.{name}", message)
        await socket.send(orjson.dumps(message).decode())
        judge(f"commands.server.{answer}", orjson.loads(await socket.recv()))

    async with opened_socket(url, ada.token) as socket, asyncio.timeout(15):
        rename: JSON = {"type": "rename-project", "project_id": deck.id}
        for _ in range(2):
            await ask(socket, "rename-project", "answer", id="one", **rename, title="One")
        await ask(socket, "rename-project", "refusal", id="one", **rename, title="Two")
        await ask(socket, "batch", "batch-answer", id=7, commands=[{**rename, "title": "Three"}])
        await ask(socket, "batch", "refusal", commands=[{"type": "fly"}])
        await ask(socket, "ping", "pong", type="ping")
        await socket.send('{"id":"x"}')
        judge("commands.server.refusal", orjson.loads(await socket.recv()))
