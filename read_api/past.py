"""Decks of the past in this process, so that paging through one position folds it once."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

import orjson

from projections.blocks.queries import BlockDocument
from projections.ports import Deck, Decks

# Bytes that a block takes in memory besides its content.
BLOCK_BYTES = 1_000
# Folds at once: a long history without keyframes takes seconds of the processor.
FOLDS = 4


@dataclass(frozen=True, slots=True)
class PastDeck:
    """A project at one position: the deck, and what it shows in the order of reading. Nobody changes it."""

    deck: Deck
    shown: tuple[BlockDocument, ...]


class Past:
    """Gets decks by position, each folded once however many ask; keeps the last used, up to a size.

    Only positions that the log has reached may be asked for: what was there never changes.
    """

    def __init__(self, decks: Decks, capacity: int) -> None:
        self._decks = decks
        self._capacity = capacity
        self._known: OrderedDict[tuple[UUID, int], tuple[PastDeck, int]] = OrderedDict()
        self._folding: dict[tuple[UUID, int], asyncio.Task[PastDeck | None]] = {}
        self._folds = asyncio.Semaphore(FOLDS)
        self.size = 0

    async def at(self, project_id: UUID, position: int) -> PastDeck | None:
        """Return a project as of a position, None if it did not exist then."""
        key = (project_id, position)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known[0]
        task = self._folding.get(key)
        if task is None:
            task = self._folding[key] = asyncio.create_task(self._fold(project_id, position))
            task.add_done_callback(lambda done: self._folded(key, done))
        return await asyncio.shield(task)

    def _folded(self, key: tuple[UUID, int], done: asyncio.Task[PastDeck | None]) -> None:
        del self._folding[key]
        # Whoever asked may have gone: a failure is not told to nobody.
        if not done.cancelled():
            done.exception()

    async def _fold(self, project_id: UUID, position: int) -> PastDeck | None:
        async with self._folds:
            deck = await self._decks.at(project_id, position)
        if deck is None:
            return None
        past = PastDeck(deck, tuple(deck.shown()))
        self._keep((project_id, position), past)
        return past

    def _keep(self, key: tuple[UUID, int], past: PastDeck) -> None:
        size = sum(BLOCK_BYTES + len(orjson.dumps(b.content)) for b in past.deck.blocks.values())
        if size > self._capacity:
            return
        self._known[key] = (past, size)
        self.size += size
        while self.size > self._capacity:
            _, (_, freed) = self._known.popitem(last=False)
            self.size -= freed
