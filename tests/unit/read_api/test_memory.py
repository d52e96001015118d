from hypothesis import given
from hypothesis import strategies as st

from read_api.cache_counts import CountsByKind, summed
from read_api.memory import OVERHEAD, Document, Memory

KEYS = "abcdefgh"


def document(size: int, as_of: int = 1) -> Document:
    return Document(as_of, b"x" * size, "tag", 0.0)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 900), st.integers(0, 20))))
def test_it_never_holds_more_than_it_may_and_knows_how_much(
    steps: list[tuple[str, int, int]],
) -> None:
    memory = Memory(5, 8 * 1000)
    latest: dict[str, int] = {}
    for key, size, as_of in steps:
        memory.keep(key, document(size, as_of))
        assert len(memory) <= 5
        assert memory.bytes <= 8 * 1000
        held = memory.get(key)
        if held is not None:
            assert held.as_of >= latest.get(key, 0) or held.as_of == as_of
            latest[key] = held.as_of
    held_now = [d for k in KEYS if (d := memory.get(k))]
    assert memory.bytes == sum(len(d.body) + 1 + OVERHEAD for d in held_now)
    memory.drop(lambda _: True)
    assert (len(memory), memory.bytes) == (0, 0)


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    memory = Memory(2, 1_000_000)
    for key in "ab":
        memory.keep(key, document(1))
    memory.get("a")
    memory.keep("c", document(1))
    assert [memory.get(k) is not None for k in "abc"] == [True, False, True]
    assert memory.evictions == 1


def test_an_earlier_document_replaces_no_later_one() -> None:
    memory = Memory(2, 1_000_000)
    memory.keep("a", document(1, as_of=5))
    memory.keep("a", document(2, as_of=4))
    held = memory.get("a")
    assert held is not None
    assert held.as_of == 5


def test_one_document_may_not_take_all_the_place() -> None:
    memory = Memory(100, 8_000)
    memory.keep("a", document(1_000))
    assert memory.get("a") is None


def test_only_what_is_unwanted_is_dropped() -> None:
    memory = Memory(100, 1_000_000)
    for key in KEYS:
        memory.keep(key, document(1))
    assert memory.drop(lambda key: key in "abc") == 3
    assert [memory.get(k) is not None for k in "abcd"] == [False, False, False, True]


def test_counts_of_processes_are_added_up() -> None:
    one, other = CountsByKind(), CountsByKind()
    one["project"].l1, one["project"].tables = 8, 2
    other["project"].l2 = 10
    other["block"].joined = 5
    found = summed([one.raw(), other.raw(), {"project": {"of a later release": 7}}])
    assert found["kinds"]["project"]["hit_ratio"] == 0.9
    assert found["kinds"]["block"]["hit_ratio"] == 0.0
    assert found["total"]["hit_ratio"] == 0.72
    assert summed([])["total"]["hit_ratio"] is None
