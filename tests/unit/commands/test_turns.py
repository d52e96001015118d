import asyncio
from uuid import UUID

import pytest

from commands.turns import Turns

A, B = UUID(int=1), UUID(int=2)


async def holding(turns: Turns, keys: list[UUID], said: list[str], name: str, leave: asyncio.Event) -> None:
    await turns.take(keys)
    said.append(name)
    try:
        await leave.wait()
    finally:
        turns.give(keys)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_key_goes_round_in_the_order_of_asking_and_is_forgotten() -> None:
    turns, said = Turns(), list[str]()
    leave = [asyncio.Event() for _ in range(3)]
    tasks = [asyncio.create_task(holding(turns, [A], said, str(n), leave[n])) for n in range(3)]
    for n in range(3):
        await settle()
        assert said == [str(k) for k in range(n + 1)]
        leave[n].set()
    await asyncio.gather(*tasks)
    assert len(turns) == 0


async def test_other_keys_are_not_waited_for() -> None:
    turns, said = Turns(), list[str]()
    leave = asyncio.Event()
    tasks = [asyncio.create_task(holding(turns, [key], said, str(key.int), leave)) for key in (A, B)]
    await settle()
    assert said == ["1", "2"]
    leave.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("moment", ["waiting", "just called"])
async def test_who_gives_up_passes_the_turn_on(moment: str) -> None:
    turns, said = Turns(), list[str]()
    leave = asyncio.Event()
    await turns.take([A])
    first = asyncio.create_task(holding(turns, [A, B], said, "first", leave))
    second = asyncio.create_task(holding(turns, [A, B], said, "second", leave))
    await settle()
    if moment == "just called":
        turns.give([A])
    first.cancel()
    if moment == "waiting":
        await settle()
        turns.give([A])
    await settle()
    assert said == ["second"]
    leave.set()
    await asyncio.gather(first, second, return_exceptions=True)
    assert len(turns) == 0


async def test_who_gives_up_on_the_second_key_lets_go_of_the_first() -> None:
    turns = Turns()
    await turns.take([B])
    waiting = asyncio.create_task(turns.take([A, B]))
    await settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await turns.take([A])
    turns.give([A])
    turns.give([B])
    assert len(turns) == 0
