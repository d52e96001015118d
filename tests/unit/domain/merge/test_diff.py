"""The comparison of sequences, against what is known of it: the hunks rebuild the new one, and none is too many."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merge.diff import STEPS, Hunk, TooFar, Work, differences

sequences = st.lists(st.sampled_from("abcde"), max_size=40)
PLENTY = 10**9


def rebuilt(old: list[str], new: list[str], hunks: list[Hunk]) -> list[str]:
    result, at = [], 0
    for hunk in hunks:
        result += old[at : hunk.old_from] + new[hunk.new_from : hunk.new_to]
        at = hunk.old_to
    return result + old[at:]


def longest_common(old: list[str], new: list[str]) -> int:
    """By the textbook's table."""
    above = [0] * (len(new) + 1)
    for a in old:
        row = [0]
        for j, b in enumerate(new):
            row.append(above[j] + 1 if a == b else max(above[j + 1], row[j]))
        above = row
    return above[-1]


@given(sequences, sequences)
def test_hunks_are_a_shortest_way(old: list[str], new: list[str]) -> None:
    hunks = differences(old, new, Work(PLENTY))

    assert rebuilt(old, new, hunks) == new
    kept = len(old) - sum(hunk.old_to - hunk.old_from for hunk in hunks)
    assert kept == longest_common(old, new)
    assert all(a.old_to < b.old_from and a.new_to < b.new_from for a, b in itertools.pairwise(hunks))
    assert all(hunk.old_to > hunk.old_from or hunk.new_to > hunk.new_from for hunk in hunks)


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_long_runs_and_far_moves(seed: int, edits: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    old = [str(chance.randrange(60)) for _ in range(300)]
    new = list(old)
    for _ in range(edits):
        at = chance.randrange(len(new))
        if chance.random() < 0.5:
            new[at : at + chance.randrange(3)] = [str(chance.randrange(60))]
        else:
            new.insert(at, new.pop(chance.randrange(len(new))))

    hunks = differences(old, new, Work(PLENTY))

    assert rebuilt(old, new, hunks) == new
    assert len(old) - sum(hunk.old_to - hunk.old_from for hunk in hunks) == longest_common(old, new)


def test_equal_sequences_differ_nowhere() -> None:
    assert differences([], [], Work(0)) == []
    assert differences(["a"] * 5, ["a"] * 5, Work(0)) == []


def test_other_words_cost_next_to_nothing() -> None:
    old, new = [f"a{n}" for n in range(5_000)], [f"b{n}" for n in range(5_000)]
    work = Work(10)

    assert differences(old, new, work) == [Hunk(0, 5_000, 0, 5_000)]


def test_other_words_among_the_same_cost_next_to_nothing() -> None:
    old, new = ([word for n in range(1_000) for word in (f"{side}{n}", f"same{n}")] for side in "ab")
    work = Work(100)

    assert len(differences(old, new, work)) == 1_000


@pytest.mark.parametrize("words", [2, 50, 2_500])
def test_shuffled_words_end_at_the_bound(words: int) -> None:
    chance = random.Random(words)  # noqa: S311 - no secret
    old, new = ([str(chance.randrange(words)) for _ in range(5_000)] for _ in range(2))
    work = Work()

    with pytest.raises(TooFar):
        differences(old, new, work)

    # The last round may overdraw by what one round costs at most: its diagonals, and runs along them.
    assert -STEPS // 10 < work.left < 0


def test_the_bound_is_for_all_of_a_merge_together() -> None:
    old, new = list("abcdefgh" * 20), list("hgfedcba" * 20)
    once = Work(PLENTY)
    differences(old, new, once)
    cost = PLENTY - once.left

    work = Work(2 * cost)
    differences(old, new, work)
    differences(old, new, work)
    assert work.left == 0
    with pytest.raises(TooFar):
        differences(old, new, work)
