"""Three-way merge of texts, after diff3 (Khanna, Kunal, Pierce 2007), by words or lines.

Edits of different words are both had, also side by side. Two deletions that overlap are one. What both put at
the same place is both had where each reads by itself, as two sentences after a paragraph; else it is a
conflict, as are two edits of one word. A conflict is the winner's in its own words alone.
"""

import re
from collections.abc import Iterable, Sequence
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
            _add(
                found, Edit(places[hunk.old_from], places[hunk.old_to], new.text(hunk.new_from, hunk.new_to))
            )
            i, j = hunk.old_to, hunk.new_to
    return found


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


class _Merge:
    """Two sides' edits of one base, group by group: a group is what overlaps, with nothing of the base between."""

    def __init__(self, base: str, unit: Unit, winner: Side) -> None:
        self._base = base
        self._unit = unit
        self._winner = winner

    def merged(self, theirs: Sequence[Edit], mine: Sequence[Edit]) -> tuple[str, bool]:
        pieces: list[str] = []
        done, conflict = 0, False
        for begin, end, group in self._groups(theirs, mine):
            text = self._settled(begin, end, group)
            if text is None:
                conflict = True
                text = self._rendered(begin, end, group[0 if self._winner == "theirs" else 1])
            pieces += (self._base[done:begin], text)
            done = end
        pieces.append(self._base[done:])
        return "".join(pieces), conflict

    def _groups(
        self, theirs: Sequence[Edit], mine: Sequence[Edit]
    ) -> Iterable[tuple[int, int, tuple[list[Edit], list[Edit]]]]:
        edits = sorted([(edit, 0) for edit in theirs] + [(edit, 1) for edit in mine])
        begin = end = -1
        group: tuple[list[Edit], list[Edit]] = ([], [])
        for edit, side in edits:
            if begin >= 0 and self._belongs(edit, side, begin, end, group):
                end = max(end, edit.end)
            else:
                if begin >= 0:
                    yield begin, end, group
                begin, end, group = edit.begin, edit.end, ([], [])
            group[side].append(edit)
        if begin >= 0:
            yield begin, end, group

    def _belongs(
        self, edit: Edit, side: int, begin: int, end: int, group: tuple[list[Edit], list[Edit]]
    ) -> bool:
        if edit.begin < end or edit.end == begin:
            return True
        if edit.begin > end or not group[1 - side]:
            return False
        # Side by side: both are had unless that made one word of two.
        left = self._rendered(begin, end, group[1 - side]) or self._base[:begin]
        return not apart(left, edit.text or self._base[edit.end :])

    def _settled(self, begin: int, end: int, group: tuple[list[Edit], list[Edit]]) -> str | None:
        theirs, mine = group
        if not theirs or not mine:
            return self._rendered(begin, end, theirs or mine)
        texts = [self._rendered(begin, end, edits) for edits in group]
        if texts[0] == texts[1]:
            return texts[0]
        if not any(edit.text for edit in theirs + mine):
            return ""
        return self._both(begin, *sorted(texts, key=lambda t: (t.strip(), t))) if begin == end else None

    def _rendered(self, begin: int, end: int, edits: Sequence[Edit]) -> str:
        pieces: list[str] = []
        for edit in edits:
            pieces += (self._base[begin : edit.begin], edit.text)
            begin = edit.end
        pieces.append(self._base[begin:end])
        return "".join(pieces)

    def _both(self, at: int, first: str, second: str) -> str | None:
        """Put two insertions at one place one after the other, if that reads well; one that holds the other will do."""
        for longer, shorter in ((second, first), (first, second)):
            if longer.startswith(shorter):
                return longer if apart(shorter, longer[len(shorter) :]) else None
            if longer.endswith(shorter) and apart(longer[: -len(shorter)], shorter):
                return longer
        if not apart(first, second):
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
