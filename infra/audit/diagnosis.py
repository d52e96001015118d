"""Finds out what happened to rows whose hash is wrong: moved rows still verify at the place they had.

Renumbering what follows an inserted or removed event breaks every later hash; this tells such a shift from
rows that were exchanged and from rows whose content is another.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from infra.audit.findings import Finding
from infra.audit.rows import FIRST, place_of, replaced
from infra.audit.scan import Suspect

# Each suspect is tried at the places of this many others.
TRIED = 200
# And after the hashes of this many others of its stream.
SIBLINGS = 10


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a row verifies."""

    position: int
    version: int
    previous: bytes


def diagnose(suspects: Sequence[Suspect], missing: Sequence[int]) -> Iterator[Finding]:
    """Name what happened to rows of a wrong hash.

    Args:
        suspects: The rows, in the order of their positions.
        missing: Further positions where events are missing or strange.
    """
    places = [place_of(s.fields)[2] for s in suspects]
    digests: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for suspect in suspects:
        digests[suspect.fields[:16]].append(suspect.digest)
    homes: dict[int, _Home] = {}
    strange: list[Finding] = []
    shift = 0
    for suspect, position in zip(suspects, places, strict=True):
        tried = dict.fromkeys(
            [position, position + shift, position - 1, position + 1, *places[:TRIED], *missing[:TRIED]]
        )
        home = _home(suspect, list(tried), digests[suspect.fields[:16]])
        if home is None:
            stream, version, _ = place_of(suspect.fields)
            detail = "a column or the hash is not what was recorded"
            strange.append(Finding("changed", detail, position, stream, version))
        else:
            homes[position] = home
            shift = home.position - position
    moved = list(_moved(suspects, homes))
    inserted = {f.position for f in moved if f.kind == "inserted"}
    yield from moved
    yield from (f for f in strange if f.position not in inserted)


def _home(suspect: Suspect, positions: Sequence[int], digests: Sequence[bytes]) -> _Home | None:
    _, version, _ = place_of(suspect.fields)
    before = list(dict.fromkeys((suspect.previous, suspect.earlier, FIRST, *digests[:SIBLINGS])))
    for position in positions:
        for v in (version, version - 1, version + 1):
            fields = replaced(suspect.fields, v, position)
            for previous in before:
                if sha256(previous + fields).digest() == suspect.digest:
                    return _Home(position, v, previous)
    return None


def _moved(suspects: Sequence[Suspect], homes: dict[int, _Home]) -> Iterator[Finding]:
    closed = _exchanged(homes)
    shift = 0
    for suspect in suspects:
        stream, version, position = place_of(suspect.fields)
        home = homes.get(position)
        if home is None:
            continue
        if position in closed:
            yield Finding(
                "reordered", f"this event was recorded at position {home.position}", position, stream, version
            )
            continue
        moved = home.position - position
        if moved < shift:
            detail = f"something was put in here, and what follows was moved by {shift - moved}"
            yield Finding("inserted", detail, home.position - shift)
        elif moved > shift:
            detail = f"something was taken out here, and what follows was moved by {moved - shift}"
            yield Finding("deleted", detail, position)
        elif not moved and home.version != version:
            yield Finding(
                "reordered", f"this was version {home.version} of the stream", position, stream, version
            )
        elif not moved:
            yield Finding(
                "inserted", f"version {version - 1} of the stream was put in", position, stream, version - 1
            )
        shift = moved


def _exchanged(homes: dict[int, _Home]) -> set[int]:
    """Return positions whose rows only changed places among each other."""
    closed: set[int] = set()
    done: set[int] = set()
    for start in homes:
        path: list[int] = []
        at = start
        while at in homes and at not in done:
            done.add(at)
            path.append(at)
            at = homes[at].position
        if at == start and len(path) > 1:
            closed.update(path)
    return closed
