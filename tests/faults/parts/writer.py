"""A process of writers: many clients on one event log, each with a journal line before and after each request."""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.ports import ANY_VERSION, STREAM_EXISTS, Appended, AppendOutcome, Mismatch, Replayed
from domain.errors import Unavailable
from infra.postgres.appender import Appender
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog, structural_topics
from infra.settings import Settings
from tests.faults.chance import chance
from tests.faults.choosing import Chooser, Known
from tests.faults.deeds import Deed
from tests.faults.journal import Answered, Intended, Journal, read, unpack
from tests.faults.parts.talking import Orders, say

TELL_EVERY = 0.25
LONGEST_PAUSE = 2.0
# How often a client asks twice at the same time, and how often it repeats what was answered.
TWINS, AGAIN = 0.03, 0.03


@dataclass
class Crew:
    """What the clients of this process share."""

    log: PostgresEventLog
    journal: Journal
    pause: float
    known: Known = field(default_factory=Known)
    stopping: bool = False
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    waiting: dict[str, float] = field(default_factory=dict)
    longest: float = 0.0

    def told(self) -> dict[str, Any]:
        now = time.monotonic()
        self.longest = max(self.longest, *(now - since for since in self.waiting.values()), 0.0)
        return {
            "acknowledged": self.acknowledged,
            "refused": self.refused,
            "unknown": self.unknown,
            "longest": round(self.longest, 2),
        }


class Client:
    """One client: it asks one thing after the other, each until it knows what came of it."""

    def __init__(self, name: str, crew: Crew, picked: random.Random) -> None:
        self._name = name
        self._crew = crew
        self._picked = picked
        self._chooser = Chooser(name, crew.known, picked)
        self._last: Deed | None = None

    async def run(self) -> None:
        while not self._crew.stopping:
            await self._one()
            await asyncio.sleep(self._picked.expovariate(1 / self._crew.pause))

    async def _one(self) -> None:
        if self._last is not None and self._picked.random() < AGAIN:
            await self.settle(self._last)
            return
        deed = self._chooser.next()
        self._crew.journal.intend(deed)
        twins = deed.keyed and self._picked.random() < TWINS
        # A stream may come to be between the two: they may then be answered differently.
        if twins and all(t.expected != STREAM_EXISTS for t in deed.targets):
            first, _ = await asyncio.gather(self.settle(deed), self.settle(deed))
        else:
            first = await self.settle(deed)
        if first and deed.keyed:
            self._last = deed

    async def settle(self, deed: Deed) -> bool:
        """Ask until the outcome is known; tell whether it was acknowledged."""
        pause = 0.05
        while True:
            outcome = await self._asked(deed)
            if outcome is not None:
                return self._noted(deed, outcome)
            self._crew.unknown += 1
            self._crew.journal.note(Answered(deed.command_id, "unknown"))
            # Nobody knows the id of a request that came without one: it cannot be repeated.
            if not deed.keyed:
                return False
            await asyncio.sleep(pause * self._picked.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _asked(self, deed: Deed) -> AppendOutcome | None:
        self._crew.waiting[self._name] = begun = time.monotonic()
        try:
            return await self._crew.log.append(deed.request())
        except Unavailable:
            return None
        finally:
            self._crew.longest = max(self._crew.longest, time.monotonic() - begun)
            self._crew.waiting.pop(self._name, None)

    def _noted(self, deed: Deed, outcome: AppendOutcome) -> bool:
        crew, command = self._crew, deed.command_id
        if isinstance(outcome, Appended | Replayed):
            crew.journal.note(Answered(command, "ack", outcome.base, type(outcome).__name__))
            crew.acknowledged += len(deed.order)
            crew.known.head = max(crew.known.head, outcome.base + len(deed.order))
            for i, target in enumerate(deed.targets):
                if target.expected not in {ANY_VERSION, STREAM_EXISTS}:
                    crew.known.learn(target.stream, target.expected + list(deed.order).count(i))
            return True
        crew.refused += 1
        detail = "structure"
        if isinstance(outcome, Mismatch):
            detail = f"{outcome.stream_id} {outcome.actual}"
            crew.known.learn(outcome.stream_id, outcome.actual)
        crew.journal.note(Answered(command, "refused", detail=detail))
        return False


def left_open(journals: list[Path]) -> list[Deed]:
    """Return what earlier lives of this process asked and never heard of, where it can be repeated."""
    asked: dict[Any, bytes] = {}
    for path in journals:
        for line in read(path):
            if isinstance(line, Intended):
                asked[line.command_id] = line.packed
            elif line.answer != "unknown":
                asked.pop(line.command_id, None)
    return [deed for deed in map(unpack, asked.values()) if deed.keyed]


async def _run(config: dict[str, Any]) -> None:
    settings, name = Settings(**config["settings"]), config["name"]
    appender = Appender(settings, structural_topics())
    await appender.start()
    crew = Crew(
        PostgresEventLog(pool(settings, "faults"), appender),
        Journal(Path(config["journal"])),
        config["pause"],
    )
    picked = chance(f"{config['seed']} {name}")
    clients = [Client(f"{name}.{n}", crew, chance(picked.random())) for n in range(config["clients"])]
    heirs = [
        Client(f"{name} for {deed.caller}", crew, chance(picked.random())).settle(deed)
        for deed in left_open([Path(p) for p in config["before"]])
    ]
    orders = await Orders.open()
    work = asyncio.gather(*heirs, *(client.run() for client in clients))
    order = asyncio.create_task(orders.next())
    while not work.done():
        say(crew.told())
        await asyncio.wait([work, order], timeout=TELL_EVERY, return_when=asyncio.FIRST_COMPLETED)
        if order.done() and not crew.stopping:
            crew.stopping = True
            # Now only to notice that nobody is there any more.
            order = asyncio.create_task(orders.next())
    order.cancel()
    await work
    await appender.stop()
    say(crew.told() | {"done": True})


def main() -> None:
    asyncio.run(_run(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
