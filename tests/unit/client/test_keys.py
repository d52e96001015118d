"""Keys that a client makes: UUIDs of version 7, in the order of time, and never twice."""

import time
from uuid import RFC_4122, UUID

from decklog.keys import new_key


def test_a_key_is_a_uuid_that_tells_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    key = new_key()
    after = time.time_ns() // 1_000_000
    found = UUID(key)
    assert str(found) == key
    assert (found.version, found.variant) == (7, RFC_4122)
    assert before <= found.int >> 80 <= after


def test_later_keys_are_greater_and_no_two_are_the_same() -> None:
    keys = [new_key() for _ in range(20_000)]
    assert len(set(keys)) == len(keys)
    moments = [key[:13] for key in keys]
    assert moments == sorted(moments)
    # What is by chance differs from key to key in each of its digits.
    for place in (*range(15, 18), *range(20, 23), *range(24, 36)):
        assert len({key[place] for key in keys}) == 16
