"""Who writes and who reads while things break, all by the client library."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from decklog import Answer, Client, CommandSocket, Event, Note, Subscription

END = "The end"


@dataclass(frozen=True, slots=True)
class Deck:
    """A project with its blocks, and the position that they were all there."""

    project: str
    blocks: Sequence[str]
    begun: int


@dataclass
class Writer:
    """Edits one block after the other, half of them over HTTP and half on a command socket."""

    client: Client
    decks: Sequence[Deck]
    picked: random.Random
    pause: float
    acknowledged: list[tuple[str, int]] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        async with self.client.commands() as socket:
            n = 0
            while not stop.is_set():
                n += 1
                answer = await self._edit(socket if self.picked.random() < 0.5 else self.client, n)
                self.acknowledged += [(answer.project_id, answer.position)]
                await asyncio.sleep(self.picked.uniform(0, 2 * self.pause))

    async def _edit(self, by: Client | CommandSocket, n: int) -> Answer:
        deck = self.picked.choice(self.decks)
        return await by.command(
            "edit-block",
            project_id=deck.project,
            block_id=self.picked.choice(deck.blocks),
            changes={"text": f"{id(self)} {n} " + "words " * self.picked.choice((1, 1, 1, 300))},
        )


@dataclass
class Reader:
    """Follows one project from a position on until the end is told; keeps what it was told."""

    following: Subscription
    start: int
    events: list[dict[str, Any]] = field(default_factory=list)
    notes: int = 0
    resets: int = 0

    @property
    def position(self) -> int:
        return self.events[-1]["position"] if self.events else self.start

    async def run(self) -> None:
        async with self.following, aclosing(aiter(self.following)) as messages:
            async for message in messages:
                if isinstance(message, Note):
                    self.notes += 1
                elif not isinstance(message, Event):
                    self.resets += 1
                else:
                    self.events.append(dict(message.raw))
                    if message.name == "project-renamed" and message.data.get("title") == END:
                        return
