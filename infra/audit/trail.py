"""The chain of checkpoints: where it is kept, and whether it holds."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.audit.checkpoint import Checkpoint, link, read
from infra.audit.findings import Finding, Findings

TRAIL_FILE = "checkpoints.ndjson"


def kept_in_database(connection: psycopg.Connection) -> list[str]:
    """Read the lines of the log's own table."""
    rows = connection.execute("select number, line from log_checkpoints order by number").fetchall()
    return [line for _, line in rows]


def keep_in_database(connection: psycopg.Connection, checkpoint: Checkpoint) -> None:
    """Add a checkpoint to the log's own table.

    Raises:
        psycopg.errors.UniqueViolation: another process made this one at the same moment.
    """
    connection.execute("insert into log_checkpoints values (%s, %s)", [checkpoint.number, checkpoint.line])


def kept_in_file(path: Path) -> list[str]:
    """Read the lines of a file; a file that is not there has none."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    return [line.decode("utf-8", "replace") for line in text.removesuffix(b"\n").split(b"\n")] if text else []


def keep_in_file(path: Path, lines: Sequence[str]) -> None:
    """Append durably what a file lacks of these lines: a crash may have kept it from getting the last ones."""
    missing = lines[len(kept_in_file(path)) :]
    with path.open("ab") as file:
        file.write("".join(f"{line}\n" for line in missing).encode())
        file.flush()
        os.fsync(file.fileno())


def joined(database: Sequence[str], file: Sequence[str], findings: Findings) -> list[str]:
    """Hold the table against the file, and return the longer of the two."""
    for i, (a, b) in enumerate(zip(database, file, strict=False), 1):
        if a != b:
            findings.add(Finding("checkpoint", "the table and the file hold different checkpoints", number=i))
            return list(file)
    if len(file) > len(database):
        detail = f"the table lacks what the file has: {len(database)} checkpoints instead of {len(file)}"
        findings.add(Finding("checkpoint", detail, number=len(database) + 1), len(file) - len(database))
    return list(database if len(database) > len(file) else file)


def checked(lines: Sequence[str], key: Ed25519PublicKey, findings: Findings) -> list[Checkpoint]:
    """Check form, order, links and signatures; return the checkpoints that can be relied on."""
    good: list[Checkpoint] = []
    before: str | None = None
    position = 0
    for number, line in enumerate(lines, 1):
        checkpoint = read(line)
        detail = None
        if checkpoint is None:
            detail = "not as a checkpoint is written"
        elif not checkpoint.is_signed_with(key):
            detail = "not signed with the trusted key, or changed afterwards"
        elif checkpoint.number != number:
            detail = f"it says that it is number {checkpoint.number}: one was removed, put in or moved"
        elif checkpoint.previous != link(before):
            detail = "it does not follow from the checkpoint before it"
        elif checkpoint.position < position:
            detail = "it is of an earlier position than the checkpoint before it"
        if detail is not None:
            findings.add(Finding("checkpoint", detail, number=number))
        elif checkpoint is not None:
            good.append(checkpoint)
            position = checkpoint.position
        before = line
    return good


def compare(
    checkpoints: Sequence[Checkpoint], roots: Mapping[int, tuple[bytes, int]], head: int, findings: Findings
) -> None:
    """Hold checkpoints against a log that was gone through.

    Args:
        checkpoints: Those that can be relied on, in order.
        roots: By position, the Merkle root and the number of streams, where they were computed.
        head: The position of the log's last event.
        findings: Where differences go.
    """
    before = 0
    for checkpoint in checkpoints:
        at, number = checkpoint.position, checkpoint.number
        if at > head:
            detail = f"the log ends at position {head}, but checkpoint {number} was signed at {at}"
            findings.add(Finding("truncated", detail, head + 1, number=number), at - head)
            return
        if at in roots:
            root, streams = roots[at]
            if (root.hex(), streams) != (checkpoint.root, checkpoint.streams):
                detail = f"the log up to {at} is not what checkpoint {number} signed; up to {before} nothing is known"
                if before:
                    detail = (
                        f"the log differs from checkpoint {number} between positions {before + 1} and {at}"
                    )
                findings.add(Finding("rewritten", detail, before + 1, number=number))
                return
            before = at
