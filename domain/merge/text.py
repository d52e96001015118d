"""Three-way merge of texts, after diff3 (Khanna, Kunal, Pierce 2007), by words or lines.

Edits of different words are both had, also side by side. Two deletions that overlap are one. What both put at
the same place is both had where each reads by itself, as two sentences after a paragraph; else it is a
conflict, as are two edits of one word. A conflict is the winner's in its own words alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from domain.content import limits
from domain.merge.diff import Hunk, TooFar, Work, differences
from domain.merge.records import Side
from domain.merge.tokens import Tokens, Unit, apart, tokens

_ENDED: Final = re.compile(r"[.!?…。！？؟۔।][\"'”’»)\]*_~`」』）]*\Z")  # noqa: RUF001 - full stops of many scripts
_LINE_END: Final = re.compile(r"\n[^\S\n]*\Z")


class Edit(NamedTuple):
    """`base[begin:end]` became `text`."""

    begin: int
    end: int
    text: str


def merge_text(
    base: str, theirs: str, mine: str, *, winner: Side, by: Unit = "words", work: Work | None = None
) -> tuple[str, bool]:
    """Merge two edits of a text.

    Args:
        base: What both began with.
        theirs: The one edit.
        mine: The other; who is who makes no difference without a conflict.
        winner: Whose words stand where there is a conflict.
        by: What is not taken apart: words, or lines as in program text.
        work: Steps that may be spent; by default what one content may cost.

    Returns:
        The merged text and whether there was a conflict. It is one of the whole text, so that the winner's stands,
        if it would take too long to compare, or if both together pass the limit of a text.
    """
    if theirs in {mine, base}:
        return mine, False
    if mine == base:
        return theirs, False
    won = mine if winner == "mine" else theirs
    if not base.strip():
        return won, True
    work = work or Work()
    old = tokens(base, by)
    try:
        edits = [_edits(old, tokens(side, by), work) for side in (theirs, mine)]
    except TooFar:
        return won, True
    text, conflict = _Merge(base, by, winner).merged(*edits)
    return (won, True) if len(text) > limits.TEXT else (text, conflict)


def _edits(old: Tokens, new: Tokens, work: Work) -> list[Edit]:
    """Tell what became of a text, word by word and space by space."""
    places = old.places()
    found: list[Edit] = []
    i = j = 0
    for hunk in (*_readable(differences(old.words, new.words, work)), None):
        until = hunk.old_from if hunk else len(old.words)
        kept = until - i
        if old.spaces[i:until] != new.spaces[j : j + kept]:
            for n in range(kept):
                if old.spaces[i + n] != new.spaces[j + n]:
                    _add(
                        found,
                        Edit(places[i + n] + len(old.words[i + n]), places[i + n + 1], new.spaces[j + n]),
                    )
        if hunk:
            _add(found, _replacing(hunk, old, new, places))
            i, j = hunk.old_to, hunk.new_to
    return found


def _replacing(hunk: Hunk, old: Tokens, new: Tokens, places: list[int]) -> Edit:
    """Make a hunk an edit; the space after the last word stays what it is if it is the same."""
    begin, end, text = places[hunk.old_from], places[hunk.old_to], new.text(hunk.new_from, hunk.new_to)
    if _replaced(hunk):
        space = old.spaces[hunk.old_to - 1]
        if space and space == new.spaces[hunk.new_to - 1]:
            return Edit(begin, end - len(space), text[: -len(space)])
    return Edit(begin, end, text)


def _add(edits: list[Edit], edit: Edit) -> None:
    if edits and edits[-1].end == edit.begin:
        last = edits.pop()
        edit = Edit(last.begin, edit.end, last.text + edit.text)
    edits.append(edit)


def _readable(hunks: Iterable[Hunk]) -> list[Hunk]:
    """Join hunks between which less than half as many words stayed as either replaced.

    A rewritten sentence has an "a" or a "the" in common with the old one, by chance; merged around these, two
    rewritings would be a salad.
    """
    joined: list[Hunk] = []
    for hunk in hunks:
        if joined:
            last = joined[-1]
            kept = hunk.old_from - last.old_to
            if 2 * kept < min(_replaced(last), _replaced(hunk)):
                joined[-1] = Hunk(last.old_from, hunk.old_to, last.new_from, hunk.new_to)
                continue
        joined.append(hunk)
    return joined


def _replaced(hunk: Hunk) -> int:
    return min(hunk.old_to - hunk.old_from, hunk.new_to - hunk.new_from)


@dataclass(slots=True)
class _Group:
    """Edits that overlap, of both sides, the part of the base that they are about, and what stands before it."""

    left: str
    begin: int
    end: int
    theirs: list[Edit]
    mine: list[Edit]


class _Merge:
    """Two sides' edits of one base, group by group."""

    def __init__(self, base: str, unit: Unit, winner: Side) -> None:
        self._base = base
        self._unit = unit
        self._winner = winner

    def merged(self, theirs: Sequence[Edit], mine: Sequence[Edit]) -> tuple[str, bool]:
        pieces: list[str] = []
        done, conflict = 0, False
        for group in self._groups(theirs, mine):
            text, clash = self._outcome(group)
            pieces += (self._base[done : group.begin], text)
            done, conflict = group.end, conflict or clash
        pieces.append(self._base[done:])
        return "".join(pieces), conflict

    def _groups(self, theirs: Sequence[Edit], mine: Sequence[Edit]) -> Iterator[_Group]:
        group: _Group | None = None
        for edit, is_mine in sorted([(edit, False) for edit in theirs] + [(edit, True) for edit in mine]):
            if group and edit.begin == group.end:
                left = self._outcome(group)[0] or group.left
            else:
                left = self._base[max(0, edit.begin - 1) : edit.begin]
            if group and self._belongs(edit, group, left):
                group.end = max(group.end, edit.end)
            else:
                if group:
                    yield group
                group = _Group(left, edit.begin, edit.end, [], [])
            (group.mine if is_mine else group.theirs).append(edit)
        if group:
            yield group

    def _belongs(self, edit: Edit, group: _Group, left: str) -> bool:
        """Tell whether an edit is about what a group is about, where `left` is what stands before the edit."""
        if edit.begin != group.end or edit.end == group.begin:
            return edit.begin <= group.end
        # Side by side: both are had unless that made one word of two.
        return not apart(left, edit.text or self._base[edit.end : edit.end + 2], self._unit)

    def _outcome(self, group: _Group) -> tuple[str, bool]:
        """Return what stands in a group's place, and whether both could not be had."""
        if not group.theirs or not group.mine:
            return self._rendered(group, group.theirs or group.mine), False
        theirs, mine = self._rendered(group, group.theirs), self._rendered(group, group.mine)
        if theirs == mine:
            return mine, False
        if not any(edit.text for edit in group.theirs + group.mine):
            return "", False
        if group.begin == group.end:
            both = self._both(group.begin, *sorted((theirs, mine), key=lambda text: (text.strip(), text)))
            if both is not None:
                return both, False
        return mine if self._winner == "mine" else theirs, True

    def _rendered(self, group: _Group, edits: Sequence[Edit]) -> str:
        pieces: list[str] = []
        at = group.begin
        for edit in edits:
            pieces += (self._base[at : edit.begin], edit.text)
            at = edit.end
        pieces.append(self._base[at : group.end])
        return "".join(pieces)

    def _both(self, at: int, first: str, second: str) -> str | None:
        """Put two insertions at one place one after the other, if that reads well; one that holds the other will do."""
        for longer, shorter in ((second, first), (first, second)):
            if longer.startswith(shorter):
                return longer if apart(shorter, longer[len(shorter) :], self._unit) else None
            if longer.endswith(shorter) and apart(longer[: -len(shorter)], shorter, self._unit):
                return longer
        if not apart(first, second, self._unit):
            return None
        if self._unit == "words" and not (self._alone(at, first) and self._alone(at, second)):
            return None
        return first + second

    def _alone(self, at: int, text: str) -> bool:
        """Tell whether an insertion reads by itself: it begins after a sentence or on a line, and ends as one does."""
        lead = text[: len(text) - len(text.lstrip())]
        before, after = self._base[:at] + lead, self._base[at:]
        begins = not before.strip() or _LINE_END.search(before) or _ENDED.search(before.rstrip())
        ends = not after.strip() or after.lstrip(" \t").startswith(("\n", "\r")) or _LINE_END.search(text)
        return bool(begins and (ends or _ENDED.search(text.rstrip())))
