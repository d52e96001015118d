import asyncio
import json
import time
from typing import Any, cast

from commands.answers import Answer
from commands.ports import Caller
from infra.http import close_codes
from infra.http.auth import Authenticator, Principal
from infra.limits.answers import Asker
from infra.limits.rules import Tier
from write_api.messages import Message
from write_api.pipeline import Pipeline, Speaker
from write_api.wire import CommandWire


class Wire:
    """An end of a connection that only remembers."""

    held = clogged = False

    def __init__(self, expected: int) -> None:
        self.said: list[Any] = []
        self.all_said = asyncio.Event()
        self._expected = expected

    def say(self, text: bytes) -> None:
        self.said.append(json.loads(text))
        if len(self.said) == self._expected:
            self.all_said.set()

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        self.held = False


def speaker(principal: Principal) -> Speaker:
    return Speaker(principal, Caller(principal.user), Asker(principal.user, Tier.FREE, "unknown"))


async def run(message: Message, _: str | None, __: Speaker) -> Answer:
    if message["type"] == "wait":
        # What it waits for is given up, as a shared request to a server that went away may be.
        gone: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        gone.cancel()
        return await gone
    return Answer(200, b'{"outcome":"applied"}')


async def test_who_waits_for_what_was_given_up_is_answered() -> None:
    wire = Wire(expected=5)
    ada = Principal("ada", "free", frozenset(), None, None, time.time() + 60)
    authenticator = Authenticator("a secret of these tests, long enough for HS256", time.time)
    pipeline = Pipeline(
        cast("CommandWire", wire), run, authenticator, speaker(ada), renewed=speaker, in_flight=2
    )
    for n, kind in enumerate(["wait", "go", "wait", "go"]):
        pipeline.take(json.dumps({"id": n, "type": kind}).encode())
    pipeline.take(b'{"type":"ping"}')
    async with asyncio.timeout(5):
        await wire.all_said.wait()
    answers = {m["id"]: m["status"] for m in wire.said if "id" in m}
    assert answers == {0: 500, 1: 200, 2: 500, 3: 200}
    assert {"type": "pong"} in wire.said
    assert not wire.held
    pipeline.drain()
    async with asyncio.timeout(5):
        assert await pipeline.ended() is close_codes.GOING_AWAY
    assert wire.said[-1]["type"] == "bye"
