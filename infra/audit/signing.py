"""Makes checkpoints; nothing is signed that does not verify."""

from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.audit.audit import Report, Trust, verify_log
from infra.audit.checkpoint import Checkpoint, Statement, sign
from infra.audit.parallel import Progress
from infra.audit.taking import stored_log
from infra.audit.trail import keep_in_database, keep_in_file
from infra.settings import Settings


def make_checkpoint(
    settings: Settings, key: Ed25519PrivateKey, file: Path, progress: Progress
) -> tuple[Checkpoint | None, Report]:
    """Verify the log and sign what it is now; returns no checkpoint where something is wrong.

    Where nothing was written since the last checkpoint, that one is returned.

    Args:
        settings: Where the log is.
        key: What to sign with.
        file: The file of checkpoints, which gets the new one and whatever else it lacks.
        progress: Called with the number of events done.

    Raises:
        LookupError: the log has no head row.
        OSError: the file cannot be written; the table has the checkpoint, the file gets it the next time.
        psycopg.Error: the database is away, or another process made a checkpoint meanwhile.
    """
    report = verify_log(settings, Trust(key.public_key(), file), progress)
    if report.findings:
        return None, report
    done, lines = report.recomputed, report.lines
    checkpoint = report.checkpoints[-1] if report.checkpoints else None
    if checkpoint is None or checkpoint.position < done.last:
        source, head = stored_log(settings)
        root, streams = done.roots[done.last]
        said = Statement(head.epoch, done.last, done.last_micros, streams, root)
        checkpoint = sign(key, len(lines) + 1, lines[-1] if lines else None, said)
        with closing(source.connect()) as connection:
            keep_in_database(connection, checkpoint)
        lines = [*lines, checkpoint.line]
    keep_in_file(file, lines)
    return checkpoint, report
