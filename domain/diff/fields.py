"""What changed in a content, field by field and entry by entry, and in a text word by word."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.diff.changes import FieldChange
from domain.merge.diff import TooFar, Work, differences
from domain.merge.tokens import tokens

EMPTY: tuple[Any, ...] = (None, "", [], {})


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """Return what differs, in the order of the fields; what is left out counts as empty."""
    found: list[FieldChange] = []
    for name in dict.fromkeys([*after, *before]):
        old, new = before.get(name), after.get(name)
        if old == new or (old in EMPTY and new in EMPTY):
            continue
        if _entries(old) and _entries(new):
            found += _changed_entries(name, old or [], new or [])
        else:
            found.append(FieldChange(name, old, new))
    return found


def _entries(value: Any) -> bool:
    """Tell whether it is a list of entries with ids."""
    if value is None:
        return True
    return isinstance(value, list) and all(
        isinstance(v, dict) and isinstance(v.get("id"), str) for v in value
    )


def _changed_entries(name: str, before: list[Any], after: list[Any]) -> Iterator[FieldChange]:
    old = {entry["id"]: entry for entry in before}
    new = {entry["id"]: entry for entry in after}
    for entry in after:
        if old.get(entry["id"]) != entry:
            yield FieldChange(name, old.get(entry["id"]), entry, item=entry["id"])
    for entry in before:
        if entry["id"] not in new:
            yield FieldChange(name, entry, None, item=entry["id"])
    stayed = [i for i in old if i in new]
    if stayed != [i for i in new if i in old]:
        yield FieldChange(name, list(old), list(new))


def hunks(before: Any, after: Any, work: Work) -> list[dict[str, Any]] | None:
    """Tell word by word how a text became another: `{"at", "before", "after"}` each, `at` in characters of before.

    None where that cannot be told: they are no texts, or too far from each other for what work is left.
    """
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    old, new = tokens(before, "words"), tokens(after, "words")
    try:
        found = differences(old.words, new.words, work)
    except TooFar:
        return None
    places = old.places()
    told = [
        {
            "at": places[h.old_from],
            "before": old.text(h.old_from, h.old_to),
            "after": new.text(h.new_from, h.new_to),
        }
        for h in found
    ]
    # Where only spaces differ there is no word to tell of.
    return told or None
