"""Decks of the past are folded once, and take no more memory than they may."""

import asyncio
from datetime import datetime
from uuid import UUID

from domain.documents import Deck
from read_api.past import BLOCK_BYTES, Past
from tests.support.making import in_order
from tests.support.scenario import PROJECT, shared_deck

BLOCKS = 6


class Counting:
    """Decks that count how often they are asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        assert position is not None
        self.asked.append(position)
        await asyncio.sleep(0)
        if project_id != PROJECT or not position:
            return None
        deck = Deck()
        for recorded in in_order(shared_deck(), project=PROJECT):
            deck.apply(recorded)
        return deck

    async def position_at(self, project_id: UUID, instant: datetime) -> int:
        raise NotImplementedError


async def test_a_position_is_folded_once_however_many_ask() -> None:
    decks = Counting()
    past = Past(decks, 10**6)

    found = await asyncio.gather(*(past.at(PROJECT, 9) for _ in range(20)))
    again = await past.at(PROJECT, 9)

    assert decks.asked == [9]
    assert len({id(f) for f in [*found, again]}) == 1
    assert again is not None
    assert list(again.shown) == again.deck.shown()


async def test_the_last_used_stay_within_the_size() -> None:
    decks = Counting()
    past = Past(decks, int(2.5 * BLOCKS * (BLOCK_BYTES + 100)))
    for position in (1, 2, 1, 3, 1, 2):
        await past.at(PROJECT, position)
        assert past.size <= 2.5 * BLOCKS * (BLOCK_BYTES + 100)

    assert decks.asked == [1, 2, 3, 2]


async def test_what_is_too_large_is_not_kept_and_nothing_is_no_deck() -> None:
    decks = Counting()
    past = Past(decks, 100)
    assert await past.at(PROJECT, 5) is not None
    assert await past.at(PROJECT, 5) is not None
    assert await past.at(PROJECT, 0) is None
    assert (decks.asked, past.size) == ([5, 5, 0], 0)
