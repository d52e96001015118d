"""What is sealed opens with its own key, at its own place, and nowhere else."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sealing import KeyWrap, PersonKey, Unreadable

WRAP = KeyWrap("a secret of these tests, which is long enough")
JSON = st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.integers(-(2**53), 2**53))


def key_of(person: str = "ada", generation: int = 1, raw: bytes = bytes(32)) -> PersonKey:
    return PersonKey(person, generation, raw)


@given(JSON, st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens_at_its_place(value: Any, place: str) -> None:
    key = key_of()
    assert key.open(key.seal(value, place), place) == value


def test_a_sealed_value_shows_nothing_and_is_never_the_same_twice() -> None:
    key = key_of()
    one, two = (key.seal("Ada Lovelace", "here") for _ in range(2))

    assert one["key"] == 1
    assert one != two
    assert set(one) == {"sealed", "key"}
    assert b"Ada" not in base64.b64decode(one["sealed"])


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (key_of(), "elsewhere"),
        (key_of("bob"), "here"),
        (key_of(generation=2), "here"),
        (key_of(raw=bytes(31) + b"\1"), "here"),
    ],
    ids=["place", "person", "generation", "key"],
)
def test_what_was_moved_does_not_open(other: PersonKey, place: str) -> None:
    sealed = key_of().seal("Ada Lovelace", "here")

    with pytest.raises(Unreadable):
        other.open(sealed, place)


@pytest.mark.parametrize("text", ["", "AAAA", "not base64 !", None, 7])
def test_what_is_no_ciphertext_does_not_open(text: object) -> None:
    with pytest.raises(Unreadable):
        key_of().open({"sealed": text, "key": 1}, "here")


def test_a_changed_bit_does_not_open() -> None:
    key = key_of()
    sealed = bytearray(base64.b64decode(key.seal("Ada", "here")["sealed"]))
    sealed[-1] ^= 1

    with pytest.raises(Unreadable):
        key.open({"sealed": base64.b64encode(sealed).decode(), "key": 1}, "here")


def test_a_wrapped_key_opens_for_its_owner_alone() -> None:
    wrapped = WRAP.make("ada", 1)
    sealed = WRAP.unwrap("ada", 1, wrapped).seal("x", "here")

    assert WRAP.unwrap("ada", 1, wrapped).open(sealed, "here") == "x"
    for person, generation in (("bob", 1), ("ada", 2)):
        with pytest.raises(Unreadable):
            WRAP.unwrap(person, generation, wrapped)
    with pytest.raises(Unreadable):
        KeyWrap("another secret that is also long enough").unwrap("ada", 1, wrapped)


def test_keys_are_made_by_chance() -> None:
    made = {WRAP.make("ada", 1) for _ in range(100)}
    assert len(made) == 100
    assert {len(m) for m in made} == {12 + 32 + 16}
