"""One pass over a part of the log: what can be told of it without the parts before it.

This is the loop that runs once an event: it takes about 2 µs, most of it SHA-256.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from infra.audit.findings import Finding, Findings
from infra.audit.rows import BRIEF, FIRST, HASH_SIZE, RawRow
from infra.audit.source import Refused
from infra.audit.tombstones import Graves, is_tombstone

# How many rows of a wrong hash are kept for diagnosis; the rest are counted.
SUSPECTS = 1_000
TICK = 2_048


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row whose hash is not what it should be, and the two hashes before it in its stream."""

    fields: bytes
    digest: bytes
    previous: bytes
    earlier: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Versions of a stream that are missing before a position."""

    stream: UUID
    first: int
    last: int
    before: int


@dataclass(slots=True)
class Part:
    """What a pass over a part of the log gave.

    `heads` packs the last (stream 16, version 8, hash 32, the hash before it 32) of every stream in the part, `cuts` the same as of
    those of the positions asked for that lie before the part's end. `opens` are rows that go on a stream of
    an earlier part, `late` streams with versions that come after later ones, `graves` the tombstones.
    """

    events: int = 0
    first: int | None = None
    last: int = 0
    first_micros: int = 0
    last_micros: int = 0
    heads: bytes = b""
    cuts: dict[int, bytes] = field(default_factory=dict)
    opens: list[RawRow] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)
    more_suspects: int = 0
    gaps: list[Gap] = field(default_factory=list)
    late: set[UUID] = field(default_factory=set)
    graves: Graves = field(default_factory=Graves)
    findings: Findings = field(default_factory=Findings)
    refused: Refused | None = None

    def suspect(self, suspect: Suspect) -> None:
        """Keep a row for diagnosis."""
        if len(self.suspects) < SUSPECTS:
            self.suspects.append(suspect)
        else:
            self.more_suspects += 1

    def check_version(self, stream: bytes, version: int, last: int, position: int) -> None:
        """Note that a stream goes on with another version than the one after its last."""
        found = UUID(bytes=stream)
        if version > last + 1:
            self.gaps.append(Gap(found, last + 1, version - 1, position))
        elif version == last:
            detail = f"version {version} of the stream is there twice"
            self.findings.add(Finding("inserted", detail, position, found, version))
        else:
            detail = f"version {version} of the stream stands after its version {last}"
            self.late.add(found)
            self.findings.add(Finding("reordered", detail, position, found, version))


def check_position(findings: Findings, position: int, last: int, *, gapless: bool) -> None:
    """Note that the log goes on with another position than the one after its last."""
    if position <= last:
        findings.add(Finding("inserted", f"position {position} is there twice", position))
    elif gapless and position > last + 1:
        missing = position - last - 1
        which = f"position {last + 1} is" if missing == 1 else f"positions {last + 1} to {position - 1} are"
        findings.add(Finding("deleted", f"{which} missing", last + 1), missing)


def check_time(findings: Findings, position: int, micros: int, last: int) -> None:
    """Note that time runs backwards."""
    detail = f"recorded {(last - micros) / 1e6:.6f} s before the event in front of it"
    findings.add(Finding("reordered", detail, position))


def scan(  # noqa: C901, PLR0912, PLR0915 - a call a row and check would halve its speed
    rows: Iterable[RawRow],
    *,
    gapless: bool = True,
    cuts: Sequence[int] = (),
    tick: Callable[[int], None] = lambda _: None,
) -> Part:
    """Check rows in the order of their positions, up to a line that cannot be read.

    Args:
        rows: The rows.
        gapless: Whether positions have to follow without gaps (not so within one project).
        cuts: Ascending positions as of which stream heads are wanted.
        tick: Called with the number of rows done, now and then.
    """
    part = Part()
    # Stream: (version, hash, the hash before it).
    known: dict[bytes, tuple[int, bytes, bytes]] = {}
    wanted = [*cuts, 2**63]
    cut = wanted.pop(0)
    last = last_micros = n = 0
    unpack, get, findings, graves = BRIEF.unpack_from, known.get, part.findings, part.graves
    # Streams that end in a tombstone as yet: what comes next may say so.
    ended: set[bytes] = set()
    try:
        for fields, digest in rows:
            stream, version, position, micros = unpack(fields)
            while position > cut:
                part.cuts[cut] = _pack(known)
                cut = wanted.pop(0)
            if not n:
                part.first, part.first_micros = position, micros
            else:
                if position != last + 1:
                    check_position(findings, position, last, gapless=gapless)
                if micros < last_micros:
                    check_time(findings, position, micros, last_micros)
            before = get(stream)
            if before is None:
                previous = FIRST
                if version != 1:
                    part.opens.append((fields, digest))
                    if is_tombstone(fields):
                        graves.bury((fields, digest))
                        ended.add(stream)
                    else:
                        graves.listen(fields)
                elif sha256(fields).digest() != digest:
                    if is_tombstone(fields):
                        graves.bury((fields, digest))
                        ended.add(stream)
                    else:
                        part.suspect(Suspect(fields, digest, FIRST, FIRST))
            else:
                previous = before[1]
                if version != before[0] + 1:
                    part.check_version(stream, version, before[0], position)
                    if version <= before[0]:
                        version, digest, previous = before  # noqa: PLW2901 - the stream goes on from its last
                elif sha256(previous + fields).digest() != digest:
                    if is_tombstone(fields):
                        graves.bury((fields, digest))
                        ended.add(stream)
                    else:
                        part.suspect(Suspect(fields, digest, previous, before[2]))
                elif ended and stream in ended:
                    graves.listen(fields)
                    ended.discard(stream)
            known[stream] = (version, digest, previous)
            last, last_micros = position, micros
            n += 1
            if not n % TICK:
                tick(n)
    except Refused as refused:
        part.refused = refused
    part.events, part.last, part.last_micros = n, last, last_micros
    part.heads = _pack(known)
    tick(n)
    return part


def _pack(known: dict[bytes, tuple[int, bytes, bytes]]) -> bytes:
    return b"".join(
        [
            s + v.to_bytes(8, "big", signed=True) + h.ljust(HASH_SIZE, b"\0") + e.ljust(HASH_SIZE, b"\0")
            for s, (v, h, e) in known.items()
        ]
    )
