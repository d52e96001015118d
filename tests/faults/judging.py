"""After a run: the checker over all that is left, and the audit."""

from contextlib import closing
from dataclasses import dataclass

import psycopg

from infra.audit.audit import Trust, verify_log
from infra.postgres.event_log import structural_topics
from tests.faults import stored
from tests.faults.checker import Checker
from tests.faults.findings import Findings
from tests.faults.scene import Scene


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, and how much was looked at."""

    findings: Findings
    events: int
    acknowledged: int
    commands: int
    unanswered: int
    streams: int
    audited: int


def judge(scene: Scene) -> Judgement:
    """Check a scene whose writers and readers have ended; its database runs."""
    journals = [path for slot in scene.slots for path in slot.journals]
    readers = {name: stored.seen(scene.log(f"{name}.seen")) for name in scene.readers}
    checker = Checker(stored.journals(journals), structural_topics(), readers)
    with closing(psycopg.connect(scene.settings.dsn, autocommit=True)) as connection:
        for row in stored.rows(connection):
            checker.row(row)
        checker.finish(stored.head(connection), stored.results(connection))
    report = verify_log(scene.settings, Trust(), lambda _: None)
    for finding in report.findings.listed():
        checker.findings.add("audit", f"{finding.kind}: {finding.detail} at {finding.position}")
    return Judgement(
        checker.findings,
        checker.events,
        checker.acknowledged,
        checker.commands,
        checker.unanswered,
        report.recomputed.streams,
        report.recomputed.events,
    )
