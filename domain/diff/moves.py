"""Which of some siblings have to be told as moved, so that all others stayed in their order."""

from collections.abc import Mapping, Sequence
from uuid import UUID


def moved(before: Sequence[UUID], after: Sequence[UUID], fixed: Mapping[UUID, bool]) -> set[UUID]:
    """Return as few as explain how one order of the same siblings became the other.

    Where several choices are as few, those that are `fixed` (they kept their rank) stay. What is left in
    order is a heaviest increasing subsequence, found with a Fenwick tree of prefix maxima in n log n.
    """
    if list(before) == list(after):
        return set()
    place = {sibling: i for i, sibling in enumerate(before, 1)}
    heavy = len(place) + 1
    # By place before: the weight of the best chain that ends there, and which sibling that is.
    best: list[tuple[int, int]] = [(0, 0)] * heavy
    previous: dict[int, int] = {}
    for sibling in after:
        at = place[sibling]
        weight, last = 0, 0
        i = at - 1
        while i:
            if best[i][0] > weight:
                weight, last = best[i]
            i -= i & -i
        previous[at] = last
        found = (weight + heavy + fixed[sibling], at)
        i = at
        while i < heavy:
            best[i] = max(best[i], found)
            i += i & -i
    _, at = max(best)
    # A prefix's best may stand in any node of the tree that covers it: the last one's chain is the answer.
    stays: set[int] = set()
    while at:
        stays.add(at)
        at = previous[at]
    return {sibling for sibling, i in place.items() if i not in stays}
