"""Three-way merge of the order of a list whose entries have keys."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from domain.merge.records import Side


def all_keys(base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> list[str]:
    """Return the keys of all three, in an order that is the same if the sides change places."""
    return [*base, *sorted((theirs.keys() | mine.keys()) - base.keys())]


def merge_order(
    versions: Sequence[Sequence[str]],
    kept: Collection[str],
    text_of: Callable[[str], Any],
    winner: Side,
) -> tuple[list[str], bool]:
    """Order what is left of a list after both sides changed it.

    One side's moves stand if the other moved nothing. What a side added follows what it follows there; what both
    added at one place stands in the order of the texts, for who came first must not matter.

    Args:
        versions: Keys in the order of the base, of theirs, of mine.
        kept: The keys of the merged list, each of them in one of the three.
        text_of: What an added entry says, to be compared.
        winner: Whose order stands if both moved entries, differently.

    Returns:
        The keys in order, and whether both sides moved entries differently.
    """
    base, theirs, mine = versions
    old, of_theirs, of_mine = set(base), set(theirs), set(mine)
    everywhere = old & of_theirs & of_mine
    orders = [[key for key in keys if key in everywhere] for keys in (base, theirs, mine)]
    clash = orders[1] not in (orders[0], orders[2]) and orders[2] != orders[0]
    if clash:
        leading, other = (mine, theirs) if winner == "mine" else (theirs, mine)
    elif orders[1] != orders[0]:
        leading, other = theirs, mine
    else:
        leading, other = mine, theirs
    frame = [key for key in leading if key in old and key in kept]
    # What the leading side deleted and the other's edit kept alive.
    frame = _inserted(frame, [_runs(other, frame, old & set(kept))], text_of)
    new = set(kept) - old
    return _inserted(frame, [_runs(theirs, frame, new), _runs(mine, frame, new)], text_of), clash


def _runs(
    keys: Sequence[str], frame: Collection[str], wanted: Collection[str]
) -> dict[str | None, list[str]]:
    """Gather the wanted keys that are not in the frame, by the key of the frame that they follow; None: the start."""
    framed = set(frame)
    runs: dict[str | None, list[str]] = {}
    after: str | None = None
    for key in keys:
        if key in framed:
            after = key
        elif key in wanted:
            runs.setdefault(after, []).append(key)
    return runs


def _inserted(
    frame: Sequence[str], runs: Sequence[dict[str | None, list[str]]], text_of: Callable[[str], Any]
) -> list[str]:
    placed: dict[str, None] = {}
    for after in (None, *frame):
        if after is not None:
            placed[after] = None
        here = [run[after] for run in runs if after in run]
        here.sort(key=lambda run: [(text_of(key), key) for key in run])
        for run in here:
            placed.update(dict.fromkeys(run))
    return list(placed)
