"""The audit as operators run it: a log, or a file of one, held against its checkpoints."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.audit.checkpoint import Checkpoint
from infra.audit.exported import ExportedLog
from infra.audit.findings import Finding, Findings
from infra.audit.keys import KeyProblem
from infra.audit.parallel import Progress
from infra.audit.stored import Head, StoredLog, strays
from infra.audit.taking import settled, stored_log
from infra.audit.trail import (
    checked,
    compare,
    joined,
    kept_in_database,
    kept_in_file,
)
from infra.audit.verify import Recomputed, recompute
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Trust:
    """What a log is held against: a file of checkpoints, and the key that has to have signed all of them.

    `every` asks for the Merkle root of every checkpoint, not of the last alone: that also finds checkpoints
    that were signed, with the right key, over a log rewritten after earlier ones.
    """

    key: Ed25519PublicKey | None = None
    file: Path | None = None
    every: bool = False


@dataclass(slots=True)
class Report:
    """The outcome of an audit; times are in seconds."""

    recomputed: Recomputed
    checkpoints: list[Checkpoint] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    roots: int = 0
    seconds: float = 0.0

    @property
    def findings(self) -> Findings:
        """What is wrong; nothing is, where it is empty."""
        return self.recomputed.findings

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        done, last = self.recomputed, self.checkpoints[-1] if self.checkpoints else None
        return {
            "ok": not self.findings,
            "events": done.events,
            "streams": done.streams,
            "position": done.last,
            "unanchored": done.unanchored,
            "undiagnosed": done.undiagnosed,
            "detached": done.tombstones,
            "detached_projects": len(done.detached),
            "checkpoints": len(self.checkpoints),
            "checkpoint_position": last.position if last else None,
            "roots_checked": self.roots,
            "counts": dict(self.findings.counts),
            "findings": [f.document() for f in self.findings.listed()],
            "seconds": round(self.seconds, 3),
        }


def verify_log(
    settings: Settings,
    trust: Trust,
    progress: Progress,
    *,
    project: UUID | None = None,
    workers: int | None = None,
) -> Report:
    """Verify the log in the database, or one project of it; events that come meanwhile are not looked at.

    Raises:
        KeyProblem: there are checkpoints, but no key to check them with.
        LookupError: the log has no head row.
        psycopg.Error: the database is away.
    """
    # In this order: a checkpoint that is made meanwhile must not seem to be ahead of the log.
    kept = kept_in_file(trust.file) if trust.file else []
    with settled(settings) as connection:
        table = kept_in_database(connection)
        source, head = stored_log(settings, project=project)
        findings = Findings()
        lines = joined(table, kept, findings)
        report = _verify(source, trust, progress, lines=lines, findings=findings, head=head, workers=workers)
        for position, stream, version in strays(source):
            detail = f"an event stands where none can be (the head is at {head.position})"
            report.findings.add(Finding("inserted", detail, position, stream, version))
    return report


def verify_file(
    path: Path,
    trust: Trust,
    progress: Progress,
    *,
    project: UUID | None = None,
    after: int = 0,
    workers: int | None = None,
) -> Report:
    """Verify an exported file, without a database.

    Args:
        path: The file.
        trust: What to hold it against; only checkpoints of a file.
        progress: Called with the number of events done.
        project: The project that was exported; None where it is the whole log.
        after: The position after which was exported.
        workers: How many processes.

    Raises:
        KeyProblem: there are checkpoints, but no key to check them with.
        OSError: the file cannot be read.
    """
    source = ExportedLog(path, project)
    lines = kept_in_file(trust.file) if trust.file else []
    report = _verify(source, trust, progress, lines=lines, findings=Findings(), after=after, workers=workers)
    if refused := report.recomputed.refused:
        line = source.line_at(refused.at)
        report.findings.add(Finding("refused", f"line {line}: {refused.reason}", line=line))
    return report


def _verify(
    source: StoredLog | ExportedLog,
    trust: Trust,
    progress: Progress,
    *,
    lines: list[str],
    findings: Findings,
    workers: int | None,
    head: Head | None = None,
    after: int = 0,
) -> Report:
    began = time.perf_counter()
    checkpoints = _trusted(lines, trust, findings)
    whole = source.gapless and not after
    cuts = sorted({c.position for c in (checkpoints if trust.every else checkpoints[-1:])}) if whole else []
    # The head's root is what a new checkpoint would sign.
    wanted = sorted({*cuts, head.position}) if whole and head else cuts
    done = recompute(source, progress=progress, cuts=wanted, after=after, workers=workers)
    findings.merge(done.findings)
    done.findings = findings
    if head is not None and whole:
        _check_head(done, head)
    if whole and not done.refused:
        compare(checkpoints, {cut: done.roots[cut] for cut in cuts}, done.last, findings)
    return Report(done, checkpoints, lines, len(cuts), time.perf_counter() - began)


def _trusted(lines: Sequence[str], trust: Trust, findings: Findings) -> list[Checkpoint]:
    if not lines:
        return []
    if trust.key is None:
        raise KeyProblem(
            "there are checkpoints, but no key to check them with: give the public key with --key"
        )
    return checked(lines, trust.key, findings)


def _check_head(done: Recomputed, head: Head) -> None:
    if done.last < head.position:
        detail = f"the log ends at position {done.last}, but its head says {head.position}"
        done.findings.add(Finding("deleted", detail, done.last + 1), head.position - done.last)
    if done.last_micros > head.micros:
        done.findings.add(Finding("head", "the head's time is before the last event's", done.last))
