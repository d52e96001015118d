"""Whatever a client sends: a close code of the table or a message, and the process is none the worse."""

import asyncio
import logging
import random

import pytest
from raw_frames import BINARY, CLOSE, Heard, case, converse, frame, text
from running import System

from decklog import Client, Event
from infra.http import close_codes

CASES, AT_ONCE = 400, 20
GOODBYE = text({"type": "ping"}) + frame(0x80 | CLOSE, b"\x03\xe8")
CODES = {close.code for close in close_codes.ALL}
# What a client said in its own goodbye is said back to it.
ECHOED = {1000, 1005, 1006}


def judge(heard: Heard, sent: bytes) -> None:
    assert heard.code is None or heard.code in CODES | ECHOED, (heard.code, sent)
    for message in heard.messages:
        assert isinstance(message, dict), (message, sent)
        assert message.get("status", 0) >= 400 or "type" in message or message.get("outcome"), (message, sent)
        assert message.get("status") != 500, (message, sent)


@pytest.mark.parametrize("which", ["live", "commands"])
async def test_a_socket_answers_anything_within_its_table(
    system: System, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    ada = system.person()
    deck = await ada.deck()
    url, path = {
        "live": (system.read_url, f"/api/projects/{deck.id}/live?after=0"),
        "commands": (system.write_url, "/api/commands/socket"),
    }[which]
    picked = random.Random(6)  # noqa: S311 - the same choices in every run
    free = asyncio.Semaphore(AT_ONCE)
    found: list[Heard] = []

    async def one(sent: bytes) -> None:
        async with free, asyncio.timeout(20):
            heard = await converse(url, path, ada.token, sent + GOODBYE)
        judge(heard, sent)
        found.append(heard)

    with caplog.at_level(logging.ERROR):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CASES):
                tasks.create_task(one(case(picked)))
    assert not [r for r in caplog.records if r.name.startswith(("read_api", "write_api"))], caplog.text
    # What nobody says goodbye after is answered by its own code, however busy the process is.
    found.append(await converse(url, path, ada.token, frame(0x80 | BINARY, b"x")))
    assert found[-1].code == 4400
    # They reached what they were meant to reach.
    assert {1002, 1007, 1009, 4400} - {heard.code for heard in found} <= (
        {1009} if which == "commands" else set()
    )

    async with Client(system.write_url, system.read_url, ada.token) as decklog:
        async with decklog.commands() as socket:
            renamed = await socket.command("rename-project", project_id=deck.id, title="Unharmed")
        async with asyncio.timeout(10), decklog.follow(deck.id, after=renamed.position - 1) as following:
            async for message in following:
                if isinstance(message, Event):
                    assert message.position == renamed.position
                    break


async def test_a_message_over_the_largest_closes_1009(idle: System) -> None:
    sent = frame(0x81, b"{", size=5_000_000)
    heard = await converse(idle.write_url, "/api/commands/socket", idle.person().token, sent)
    assert heard.code == 1009
