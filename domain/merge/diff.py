"""What changed between two sequences: the linear-space algorithm of Myers 1986, section 4b, with a bound.

What stands in one sequence alone can be in no common subsequence, so it is set aside first (as GNU diff does):
a text rewritten in other words costs next to nothing, and the bound is met by shuffled words alone.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

STEPS: Final = 22_000
"""Steps of one merge, all its texts together; about 6 ms."""
_ROUND: Final = 4
"""Steps that a round costs besides its diagonals, of which each is a step."""
_RUN: Final = 16
"""Elements compared at once, where there may be many alike; they cost about a step."""


class TooFar(Exception):
    """The sequences differ by more than there are steps left to find out."""


class Work:
    """Steps that are left, so that the time of a merge is bounded, however many texts it has."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take some.

        Raises:
            TooFar: There are fewer.
        """
        self.left -= steps
        if self.left < 0:
            raise TooFar


class Hunk(NamedTuple):
    """`old[old_from:old_to]` became `new[new_from:new_to]`; one of them may be empty."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def differences(old: Sequence[str], new: Sequence[str], work: Work) -> list[Hunk]:
    """Find a shortest way from one sequence to the other.

    Returns:
        The hunks in order, apart from each other by at least one common element.

    Raises:
        TooFar: It takes more steps than are left.
    """
    begin, old_end, new_end = _trimmed(old, new)
    if old_end == new_end == begin:
        return []
    if begin in {old_end, new_end}:
        return [Hunk(begin, old_end, begin, new_end)]
    olds, news = set(old[begin:old_end]), set(new[begin:new_end])
    old_at = [i for i in range(begin, old_end) if old[i] in news]
    new_at = [i for i in range(begin, new_end) if new[i] in olds]
    pairs = _common([old[i] for i in old_at], [new[i] for i in new_at], work)
    hunks: list[Hunk] = []
    i, j = begin, begin
    for a, b in pairs:
        at, to = old_at[a], new_at[b]
        if i != at or j != to:
            hunks.append(Hunk(i, at, j, to))
        i, j = at + 1, to + 1
    if i != old_end or j != new_end:
        hunks.append(Hunk(i, old_end, j, new_end))
    return hunks


def _trimmed(old: Sequence[str], new: Sequence[str]) -> tuple[int, int, int]:
    begin, most = 0, min(len(old), len(new))
    while begin < most and old[begin] == new[begin]:
        begin += 1
    old_end, new_end = len(old), len(new)
    while old_end > begin and new_end > begin and old[old_end - 1] == new[new_end - 1]:
        old_end -= 1
        new_end -= 1
    return begin, old_end, new_end


def _common(a: list[str], b: list[str], work: Work) -> list[tuple[int, int]]:
    """Return the pairs of places of a longest common subsequence, in order."""
    pairs: list[tuple[int, int]] = []
    # Furthest places by diagonal, forward and backward. Diagonals run from -len(b) - 1 to len(a) + 1; the
    # negative ones count from the lists' ends, as Python does.
    forward, backward = [0] * (len(a) + len(b) + 3), [0] * (len(a) + len(b) + 3)
    boxes = [(0, len(a), 0, len(b))]
    while boxes:
        a_from, a_to, b_from, b_to = boxes.pop()
        alike = _ahead(a, b, a_from, b_from, min(a_to - a_from, b_to - b_from))
        pairs += zip(range(a_from, a_from + alike), range(b_from, b_from + alike), strict=True)
        a_from += alike
        b_from += alike
        behind = _behind(a, b, a_to, b_to, min(a_to - a_from, b_to - b_from))
        a_to -= behind
        b_to -= behind
        pairs += zip(range(a_to, a_to + behind), range(b_to, b_to + behind), strict=True)
        work.spend(_ROUND + (alike + behind) // _RUN)
        if a_from < a_to and b_from < b_to:
            x, y = _middle(a, b, (a_from, a_to, b_from, b_to), forward, backward, work)
            boxes += ((a_from, x, b_from, y), (x, a_to, y, b_to))
    pairs.sort()
    return pairs


def _ahead(a: list[str], b: list[str], x: int, y: int, most: int) -> int:
    """Count the elements alike from two places on."""
    n = 0
    while n + _RUN <= most and a[x + n : x + n + _RUN] == b[y + n : y + n + _RUN]:
        n += _RUN
    while n < most and a[x + n] == b[y + n]:
        n += 1
    return n


def _behind(a: list[str], b: list[str], x: int, y: int, most: int) -> int:
    """Count the elements alike before two places."""
    n = 0
    while n + _RUN <= most and a[x - n - _RUN : x - n] == b[y - n - _RUN : y - n]:
        n += _RUN
    while n < most and a[x - n - 1] == b[y - n - 1]:
        n += 1
    return n


def _middle(  # noqa: C901, PLR0912, PLR0915, PLR0917 - two mirrored searches in turns, which calls inside would slow down threefold
    a: list[str],
    b: list[str],
    box: tuple[int, int, int, int],
    forward: list[int],
    backward: list[int],
    work: Work,
) -> tuple[int, int]:
    """Find a point on a shortest path through a box whose first and last elements differ.

    Searches from both corners take turns, each a difference further a round, until they meet. Diagonals
    leave the box in no search: beyond an edge the range of diagonals shrinks again.
    """
    a_from, a_to, b_from, b_to = box
    lowest, highest = a_from - b_to, a_to - b_from
    beyond = a_to + 1
    f_low = f_high = a_from - b_from
    b_low = b_high = a_to - b_to
    meets_forward = bool((f_low - b_low) & 1)
    forward[f_low], backward[b_low] = a_from, a_to
    while True:
        if f_low > lowest:
            f_low -= 1
            forward[f_low - 1] = -1
        else:
            f_low += 1
        if f_high < highest:
            f_high += 1
            forward[f_high + 1] = -1
        else:
            f_high -= 1
        steps = (f_high - f_low) // 2 + _ROUND
        for k in range(f_high, f_low - 1, -2):
            left, right = forward[k - 1], forward[k + 1]
            x = left + 1 if left >= right else right
            y = x - k
            if x < a_to and y < b_to and a[x] == b[y]:
                alike = _ahead(a, b, x, y, min(a_to - x, b_to - y))
                steps += 2 + alike // _RUN
                x += alike
            forward[k] = x
            if meets_forward and b_low <= k <= b_high and backward[k] <= x:
                work.spend(steps)
                return x, x - k
        if b_low > lowest:
            b_low -= 1
            backward[b_low - 1] = beyond
        else:
            b_low += 1
        if b_high < highest:
            b_high += 1
            backward[b_high + 1] = beyond
        else:
            b_high -= 1
        steps += (b_high - b_low) // 2 + _ROUND
        for k in range(b_high, b_low - 1, -2):
            left, right = backward[k - 1], backward[k + 1]
            x = left if left < right else right - 1
            y = x - k
            if x > a_from and y > b_from and a[x - 1] == b[y - 1]:
                alike = _behind(a, b, x, y, min(x - a_from, y - b_from))
                steps += 2 + alike // _RUN
                x -= alike
            backward[k] = x
            if not meets_forward and f_low <= k <= f_high and x <= forward[k]:
                work.spend(steps)
                return x, x - k
        work.spend(steps)
