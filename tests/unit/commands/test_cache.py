import sys
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.cache import Bounded, weight


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache: Bounded[str] = Bounded(2, 1_000, len)
    a, b, c = uuid4(), uuid4(), uuid4()
    cache.put(a, "a")
    cache.put(b, "b")
    assert cache.get(a) == "a"

    cache.put(c, "c")

    assert (cache.get(a), cache.get(b), cache.get(c)) == ("a", None, "c")


def test_heavy_values_push_out_as_many_as_need_be() -> None:
    cache: Bounded[str] = Bounded(100, 10, len)
    keys = [uuid4() for _ in range(5)]
    for key in keys[:4]:
        cache.put(key, "xx")

    cache.put(keys[4], "yyyyyyy")

    assert [cache.get(k) for k in keys] == [None, None, None, "xx", "yyyyyyy"]
    assert cache.weight == 9


def test_what_is_heavier_than_all_the_room_is_kept_alone() -> None:
    cache: Bounded[str] = Bounded(100, 10, len)
    small, large = uuid4(), uuid4()
    cache.put(small, "x")
    cache.put(large, "y" * 50)

    assert (len(cache), cache.get(large)) == (1, "y" * 50)
    cache.put(small, "x")
    assert (len(cache), cache.get(large), cache.weight) == (1, None, 1)


@given(st.lists(st.tuples(st.integers(0, 5), st.text(max_size=8)), max_size=60))
def test_the_weight_is_that_of_what_is_kept(puts: list[tuple[int, str]]) -> None:
    cache: Bounded[str] = Bounded(4, 20, len)
    for n, text in puts:
        cache.put(UUID(int=n), text)
        kept = [v for i in range(6) if (v := cache._entries.get(UUID(int=i)))]
        assert cache.weight == sum(len(text) for text, _ in kept)
        assert cache.get(UUID(int=n)) == text
        assert len(cache) <= 4
        assert cache.weight <= 20 or len(cache) == 1


@pytest.mark.parametrize(
    "value",
    [
        {"text": "x" * 10_000},
        {"items": [{"id": f"i{n}", "text": "Some words of a bullet", "level": 0} for n in range(100)]},
        {"columns": [], "rows": [{"id": f"r{n}", "cells": ["cell"] * 20} for n in range(50)]},
        {},
    ],
    ids=["text", "bullets", "table", "nothing"],
)
def test_a_weight_is_about_what_the_interpreter_says(value: object) -> None:
    def measured(of: object) -> int:
        below: list[object] = []
        if isinstance(of, dict):
            below = list(of.values())
        elif isinstance(of, list):
            below = of
        return sys.getsizeof(of) + sum(measured(item) for item in below)

    assert 0.5 < weight(value) / measured(value) < 4
