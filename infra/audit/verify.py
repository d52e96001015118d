"""Puts the parts of a scan together: what only the whole can tell."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from infra.audit.diagnosis import diagnose
from infra.audit.findings import Finding, Findings
from infra.audit.merkle import root_of_heads
from infra.audit.parallel import Progress, scan_all
from infra.audit.rows import BRIEF, FIRST, HASH_SIZE, RawRow, place_of
from infra.audit.scan import SUSPECTS, Gap, Part, Suspect, check_position, check_time, scan
from infra.audit.source import Refused, Source
from infra.audit.tombstones import Claim, Graveyard, is_tombstone

_ENTRY, _ID, _LEAF = 88, 16, 40
_UNKNOWN = bytes(HASH_SIZE)


@dataclass(slots=True)
class Recomputed:
    """A log that was gone through: what it holds, and what is wrong with it.

    `roots` are the Merkle roots, and how many streams are under them, as of the positions asked for.
    `unanchored` events begin a stream in the middle: what was before them is not in the file. `undiagnosed`
    are further events of a wrong hash. Nothing after a line that was `refused` was looked at. `tombstones`
    counts events that were detached, whose hashes were not recomputed; `detached` is what the log says of them.
    """

    events: int = 0
    first: int | None = None
    last: int = 0
    last_micros: int = 0
    streams: int = 0
    unanchored: int = 0
    undiagnosed: int = 0
    tombstones: int = 0
    detached: list[Claim] = field(default_factory=list)
    roots: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    refused: Refused | None = None


def recompute(
    source: Source,
    *,
    progress: Progress = lambda _: None,
    cuts: Sequence[int] = (),
    after: int = 0,
    workers: int | None = None,
) -> Recomputed:
    """Recompute every hash of a log, and check the order of everything.

    Args:
        source: The log.
        progress: Called with the number of events done.
        cuts: Ascending positions as of which Merkle roots are wanted.
        after: The position after which the log was taken; streams may then begin in the middle.
        workers: How many processes.

    Raises:
        psycopg.Error: the database is away.
    """
    whole = _Whole(after, gapless=source.gapless)
    for part in scan_all(source, cuts, progress, workers):
        whole.take(part)
        if part.refused:
            break
    return whole.finish(cuts)


def recompute_rows(rows: Iterable[RawRow], progress: Progress, cuts: Iterable[int] = ()) -> Recomputed:
    """Recompute a whole log, as its rows come by, in this process; `cuts` as in `recompute`."""
    whole = _Whole(0, gapless=True)
    wanted = sorted({*cuts})
    whole.take(scan(rows, cuts=wanted, tick=progress))
    return whole.finish(wanted)


class _Whole:
    def __init__(self, after: int, *, gapless: bool) -> None:
        self._gapless = gapless
        self._after = after
        self._heads: dict[bytes, bytes] = {}
        self._suspects: list[Suspect] = []
        self._gaps: list[Gap] = []
        self._late: set[UUID] = set()
        self._graveyard = Graveyard()
        self._result = Recomputed(last=after)

    def take(self, part: Part) -> None:
        """Join the next part to those before it."""
        result = self._result
        result.findings.merge(part.findings)
        if part.first is not None:
            if part.first != result.last + 1:
                check_position(result.findings, part.first, result.last, gapless=self._gapless)
            if part.first_micros < result.last_micros:
                check_time(result.findings, part.first, part.first_micros, result.last_micros)
            result.first = part.first if result.first is None else result.first
            result.last, result.last_micros = part.last, part.last_micros
        self._graveyard.take(part.graves)
        begun = {fields[:_ID] for fields, _ in part.opens}
        for fields, digest in part.opens:
            self._anchor(fields, digest)
        self._suspects += [self._completed(suspect) for suspect in part.suspects]
        result.undiagnosed += part.more_suspects
        self._gaps += part.gaps
        self._late |= part.late
        for cut, packed in part.cuts.items():
            if cut not in result.roots:
                heads = self._heads.copy()
                deque(_go_on(heads, packed), 0)
                self._cut(cut, heads)
        for stream in _go_on(self._heads, part.heads):
            if stream not in begun:
                self._begins_again(UUID(bytes=stream))
        result.events += part.events
        result.refused = part.refused

    def _completed(self, suspect: Suspect) -> Suspect:
        head = self._heads.get(suspect.fields[:_ID])
        return replace(suspect, earlier=head[8:_LEAF]) if head and suspect.earlier == FIRST else suspect

    def _anchor(self, fields: bytes, digest: bytes) -> None:
        """Check the first event of a stream in a part against the stream's last before the part."""
        stream, version, position, _ = BRIEF.unpack_from(fields)
        head = self._heads.get(stream)
        if head is None:
            if self._after:
                self._result.unanchored += 1
            else:
                self._gaps.append(Gap(place_of(fields)[0], 1, version - 1, position))
            return
        last, previous, earlier = int.from_bytes(head[:8], "big", signed=True), head[8:_LEAF], head[_LEAF:]
        if version != last + 1:
            part = Part()
            part.check_version(stream, version, last, position)
            self._gaps += part.gaps
            self._late |= part.late
            self._result.findings.merge(part.findings)
        elif not is_tombstone(fields) and sha256(previous + fields).digest() != digest:
            self._suspects.append(Suspect(fields, digest, previous, earlier))

    def _begins_again(self, stream: UUID) -> None:
        self._late.add(stream)
        if all(gap.stream != stream for gap in self._gaps):
            detail = "the stream begins a second time"
            self._result.findings.add(Finding("inserted", detail, stream=stream, version=1))

    def _bury(self) -> None:
        result = self._result
        result.tombstones = self._graveyard.events
        result.detached = self._graveyard.claims()
        # Where the log was taken from its middle on, a project's first tombstones may be missing.
        for finding, times in () if self._after else self._graveyard.findings():
            result.findings.add(finding, times)

    def _cut(self, cut: int, heads: dict[bytes, bytes]) -> None:
        leaves = {stream: head[:_LEAF] for stream, head in heads.items()}
        self._result.roots[cut] = root_of_heads(leaves), len(heads)

    def finish(self, cuts: Sequence[int]) -> Recomputed:
        """Tell what it all comes to."""
        result = self._result
        result.streams = len(self._heads)
        self._bury()
        for cut in cuts:
            if cut not in result.roots:
                self._cut(cut, self._heads)
        for gap in self._gaps:
            which = (
                f"version {gap.first} is"
                if gap.first == gap.last
                else f"versions {gap.first} to {gap.last} are"
            )
            place = gap.before, gap.stream, gap.first
            if gap.stream in self._late:
                result.findings.add(Finding("reordered", f"{which} not before this event, but later", *place))
            else:
                result.findings.add(Finding("deleted", f"{which} missing from the stream", *place))
        self._suspects.sort(key=lambda s: place_of(s.fields)[2])
        result.undiagnosed += max(0, len(self._suspects) - SUSPECTS)
        deleted = result.findings.first.get("deleted", [])
        missing = [gap.before for gap in self._gaps]
        missing += [f.position for f in deleted if f.position is not None and f.stream is None]
        result.findings.extend(diagnose(self._suspects[:SUSPECTS], missing))
        return result


def _go_on(heads: dict[bytes, bytes], packed: bytes) -> Iterator[bytes]:
    """Put the heads of a later part in, the higher version staying; yield the streams that were known."""
    for i in range(0, len(packed), _ENTRY):
        stream, head = packed[i : i + _ID], packed[i + _ID : i + _ENTRY]
        before = heads.get(stream)
        if before is not None:
            yield stream
            if head.endswith(_UNKNOWN):
                head = head[:_LEAF] + before[8:_LEAF]
        if before is None or before[:8] < head[:8]:
            heads[stream] = head
