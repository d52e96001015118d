"""People: each has a deck with others, a live socket, and a mind of their own about what to do next."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from tests.load.findings import Findings
from tests.load.speaking import Answer, Speaker

AWAY = (OSError, EOFError)
SOCKET_ENDS = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError)


@dataclass(frozen=True)
class Plan:
    """How many people, for how long, and how they behave. Times are in seconds.

    `together` share a deck; `think` is the mean pause between two things that one of them does.
    """

    users: int
    seconds: float
    together: int = 5
    think: float = 2.0
    ramp: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where the service is, and who may use it."""

    write_url: str
    read_url: str
    token: Callable[[str], str]

    @property
    def live_url(self) -> str:
        """The address of live sockets."""
        return self.read_url.replace("http", "ws", 1)


@dataclass(frozen=True)
class Deck:
    """A deck to work on."""

    id: str
    blocks: Sequence[str]
    # As of which all of it is there: whoever was told of it has been told this too.
    position: int


@dataclass(frozen=True)
class Speakers:
    """How all of them speak to both APIs."""

    write: Speaker
    read: Speaker


class Person:
    """One of them."""

    def __init__(
        self,
        place: Place,
        speakers: Speakers,
        name: str,
        *,
        deck: Deck,
        findings: Findings,
        seed: int,
    ) -> None:
        self._place = place
        self._speakers = speakers
        self._token = place.token(name)
        self._deck = deck
        self._findings = findings
        self._random = random.Random(seed)  # noqa: S311 - a mind, not a secret
        self._position = deck.position

    async def work(self, plan: Plan, until: float) -> None:
        """Do one thing after another, with pauses, and read along meanwhile."""
        await asyncio.sleep(self._random.uniform(0, max(plan.ramp, 0.01)))
        reading = asyncio.create_task(self._follow())
        try:
            while (left := until - time.monotonic()) > 0:
                pause = self._random.expovariate(1 / plan.think)
                # Whoever thinks for longer than there is time does nothing more.
                await asyncio.sleep(min(pause, left))
                if pause < left:
                    await self._something()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _something(self) -> None:
        chance = self._random.random()
        if chance < 0.6:
            await self._edit()
        elif chance < 0.9:
            block = self._random.choice(self._deck.blocks)
            await self._get(
                "read", f"/api/projects/{self._deck.id}/blocks/{block}", min_position=self._position
            )
        else:
            await self._get("list", f"/api/projects/{self._deck.id}/blocks")

    async def _edit(self) -> None:
        fields = {
            "project_id": self._deck.id,
            "block_id": self._random.choice(self._deck.blocks),
            "changes": {"text": f"{self._random.random()} words of somebody"},
        }
        answer = await self._ask(
            "edit", self._speakers.write.ask("POST", "/api/commands/edit-block", self._token, fields)
        )
        if answer is not None and answer.fine:
            self._position = answer.json()["position"]

    async def _get(self, what: str, path: str, **query: int) -> None:
        more = f"?{urlencode(query)}" if query else ""
        await self._ask(what, self._speakers.read.ask("GET", path + more, self._token))

    async def _ask(self, what: str, asking: Awaitable[Answer]) -> Answer | None:
        begun = time.perf_counter()
        try:
            answer = await asking
        except AWAY as away:
            self._findings.failed[f"{what} {type(away).__name__}"] += 1
            return None
        self._findings.answered(what, answer.status, time.perf_counter() - begun)
        return answer

    async def _follow(self) -> None:
        """Read the deck's events, from where it was after each loss."""
        url = f"{self._place.live_url}/api/projects/{self._deck.id}/live"
        after: int | None = None
        while True:
            where = url if after is None else f"{url}?after={after}"
            protocols = [Subprotocol("decklog.v1"), Subprotocol(f"bearer.{self._token}")]
            with suppress(*SOCKET_ENDS):
                async with connect(where, subprotocols=protocols, proxy=None, max_queue=64) as socket:
                    async for text in socket:
                        after = self._heard(orjson.loads(text), after)
            self._findings.lost += 1
            await asyncio.sleep(self._random.uniform(0.2, 1.0))

    def _heard(self, message: dict[str, Any], after: int | None) -> int | None:
        if message["type"] == "welcome":
            return after if after is not None else int(message["after"])
        if message["type"] != "event":
            return after
        position = int(message["position"])
        if after is not None and position <= after:
            self._findings.repeated += 1
            return after
        self._findings.delivered += 1
        recorded = datetime.fromisoformat(message["at"]).timestamp()
        self._findings.delays.observe(max(0.0, time.time() - recorded))
        return position


async def _deck(write: Speaker, token: str, number: int, members: Sequence[str]) -> Deck:
    """Make a deck for its members, in one batch."""

    async def post(path: str, fields: Any) -> Any:
        answer = await write.ask("POST", f"/api/commands{path}", token, fields)
        if not answer.fine:
            raise RuntimeError(f"a deck cannot be made: {answer.status} {answer.body[:200]!r}")
        return answer.json()

    made = (await post("/create-project", {"title": f"Load {number}"}))["project_id"]
    slide = await post("/add-block", {"project_id": made, "type": "slide", "content": {"title": "One"}})
    parent = slide["result"]["block_id"]
    texts = [
        {
            "type": "add-block",
            "project_id": made,
            "parent_id": parent,
            "block_type": "text",
            "content": {"text": "x"},
        }
        for _ in range(8)
    ]
    grants = [
        {"type": "grant-access", "project_id": made, "user": user, "role": "editor"} for user in members[1:]
    ]
    answer = await post("", {"commands": [*texts, *grants]})
    blocks = [r["result"]["block_id"] for r in answer["results"][: len(texts)]]
    return Deck(made, blocks, answer["position"])


async def work(place: Place, plan: Plan, name: str = "load") -> Findings:
    """Have people work, and return what they met."""
    findings = Findings()
    names = [f"{name}-{i}" for i in range(plan.users)]
    groups = [names[i : i + plan.together] for i in range(0, len(names), plan.together)]
    speakers = Speakers(Speaker(place.write_url), Speaker(place.read_url))
    at_once = asyncio.Semaphore(32)

    async def made(number: int, members: Sequence[str]) -> Deck:
        async with at_once:
            return await _deck(speakers.write, place.token(members[0]), number, members)

    try:
        decks = await asyncio.gather(*(made(i, members) for i, members in enumerate(groups)))
        begun = time.monotonic()
        until = begun + plan.ramp + plan.seconds
        people = [
            Person(place, speakers, user, deck=deck, findings=findings, seed=seed)
            for deck, members in zip(decks, groups, strict=True)
            for seed, user in enumerate(members, start=hash(deck.id) & 0xFFFF)
        ]
        await asyncio.gather(*(person.work(plan, until) for person in people))
        findings.seconds = time.monotonic() - begun
    finally:
        speakers.write.close()
        speakers.read.close()
    return findings
