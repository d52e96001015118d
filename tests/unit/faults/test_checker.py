"""The checker finds what it is there to find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from commands.ports import ANY_VERSION, STREAM_EXISTS
from infra.postgres.codec import encode
from infra.postgres.event_log import structural_topics
from tests.faults.checker import Checker, Result, Seen, Stored
from tests.faults.deeds import REQUEST_HASH, Deed, Target, hot_stream, project
from tests.faults.findings import Findings
from tests.faults.journal import Answered, Intended, Journal, read

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass
class Ended:
    """All that a run leaves behind; a test spoils some of it."""

    lines: list[Intended | Answered]
    rows: list[Stored] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    head: int = 0

    def append(self, deed: Deed, versions: dict[UUID, int]) -> int:
        base = len(self.rows)
        for k, target in enumerate(deed.targets[i] for i in deed.order):
            versions[target.stream] = versions.get(target.stream, 0) + 1
            event, at = deed.event(k), NOON + timedelta(seconds=base)
            self.rows.append(
                Stored(
                    base + k + 1,
                    target.stream,
                    versions[target.stream],
                    event.TOPIC,
                    encode(event),
                    target.project,
                    deed.command_id,
                    at,
                    deed.caller,
                )
            )
        if deed.kept:
            self.results.append(Result(deed.caller, deed.command_id, REQUEST_HASH, 200, base, deed.body))
        return base

    def found(self) -> Findings:
        checker = Checker(self.lines, structural_topics(), {"reader": iter(self.seen)})
        for row in self.rows:
            checker.row(row)
        checker.finish(self.head, self.results)
        return checker.findings


def deed(
    serial: int,
    *targets: tuple[int, int],
    caller: str = "a",
    keyed: bool = True,
    structural: bool = False,
    guard: tuple[UUID, int] | None = None,
) -> Deed:
    """Make a deed; targets are (number of a hot stream, expected version), and each gets two events, in turns."""
    chosen = [Target(hot_stream(n), project(n), version) for n, version in targets]
    return Deed(caller, serial, keyed, chosen, [*range(len(chosen))] * 2, structural, guard)


DEEDS = (
    deed(1, (1, 0), (2, 0)),
    deed(2, (1, 2), keyed=False),
    deed(1, (2, ANY_VERSION), (3, 0), caller="b"),
    deed(2, (11, 0), caller="b", structural=True, guard=(project(1), 0)),
    deed(3, (1, STREAM_EXISTS)),
)
REFUSED = deed(4, (1, 0))
OPEN = deed(5, (1, 0), keyed=False)


def journalled(path: Path, deeds: Iterable[Deed]) -> list[Intended | Answered]:
    journal = Journal(path)
    for one in deeds:
        journal.intend(one)
    return [*read(path)]


@pytest.fixture
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("run")
    whole = Ended(journalled(folder / "journal", [*DEEDS, REFUSED, OPEN]))
    versions: dict[UUID, int] = {}
    for one in DEEDS:
        base = whole.append(one, versions)
        whole.lines.append(Answered(one.command_id, "ack", base))
    whole.lines += [Answered(REFUSED.command_id, "refused"), Answered(OPEN.command_id, "unknown")]
    whole.seen = [(r.position, r.stream, r.version, r.command_id) for r in whole.rows]
    whole.head = len(whole.rows)
    return whole


def test_a_sound_log_has_no_findings(ended: Ended) -> None:
    assert len(ended.rows) == 14
    assert ended.found().lines() == []


def test_what_was_never_answered_may_be_there_or_not(ended: Ended) -> None:
    ended.lines = [line for line in ended.lines if isinstance(line, Intended)]
    ended.lines.append(Answered(REFUSED.command_id, "refused"))
    assert ended.found().lines() == []


def lose_the_last_event(e: Ended) -> None:
    e.rows.pop()
    e.seen.pop()
    e.head -= 1


def lose_an_acknowledged_command(e: Ended) -> None:
    gone = DEEDS[4].command_id
    e.rows = [r for r in e.rows if r.command_id != gone]
    e.seen = [s for s in e.seen if s[3] != gone]
    e.results = [r for r in e.results if r.command_id != gone]
    e.head = len(e.rows)


def skip_a_position(e: Ended) -> None:
    e.rows[-1] = replace(e.rows[-1], position=15)
    e.seen[-1] = (15, *e.seen[-1][1:])
    e.head = 15


def repeat_a_version(e: Ended) -> None:
    e.rows[-1] = replace(e.rows[-1], version=e.rows[-2].version)
    e.seen[-1] = (e.seen[-1][0], e.seen[-1][1], e.seen[-2][2], e.seen[-1][3])


def append_twice(e: Ended) -> None:
    versions = {r.stream: r.version for r in e.rows}
    added = Ended([])
    added.rows = [*e.rows]
    added.append(replace(DEEDS[4], keyed=False), versions)
    e.rows = added.rows
    e.seen = [(r.position, r.stream, r.version, r.command_id) for r in e.rows]
    e.head = len(e.rows)


def append_the_refused(e: Ended) -> None:
    e.append(REFUSED, {r.stream: r.version for r in e.rows})
    e.seen = [(r.position, r.stream, r.version, r.command_id) for r in e.rows]
    e.head = len(e.rows)


def change_content(e: Ended) -> None:
    e.rows[3] = replace(e.rows[3], state=e.rows[2].state)


def change_the_actor(e: Ended) -> None:
    e.rows[3] = replace(e.rows[3], actor="b")


def change_the_command(e: Ended) -> None:
    stranger = uuid4()
    e.rows[-1] = replace(e.rows[-1], command_id=stranger)
    e.seen[-1] = (*e.seen[-1][:3], stranger)


def go_back_in_time(e: Ended) -> None:
    e.rows[-1] = replace(e.rows[-1], recorded_at=NOON - timedelta(microseconds=1))


def break_a_guard(e: Ended) -> None:
    e.rows[0] = replace(e.rows[0], topic="decklog.block.moved")


def acknowledge_elsewhere(e: Ended) -> None:
    e.lines = [
        replace(x, base=0) if isinstance(x, Answered) and x.command_id == DEEDS[4].command_id else x
        for x in e.lines
    ]


def answer_a_repeat_otherwise(e: Ended) -> None:
    e.lines.append(Answered(DEEDS[0].command_id, "ack", 3))


def refuse_what_was_acknowledged(e: Ended) -> None:
    e.lines.append(Answered(DEEDS[0].command_id, "refused"))


def forget_an_answer(e: Ended) -> None:
    e.results.pop()


def keep_a_wrong_answer(e: Ended) -> None:
    e.results[0] = replace(e.results[0], base=1)


def keep_an_answer_of_nobody(e: Ended) -> None:
    e.results.append(replace(e.results[0], command_id=uuid4()))


def let_a_reader_skip(e: Ended) -> None:
    del e.seen[4]


def let_a_reader_repeat(e: Ended) -> None:
    e.seen.insert(4, e.seen[4])


def let_a_reader_stop(e: Ended) -> None:
    e.seen.pop()


def let_a_reader_see_what_is_not_there(e: Ended) -> None:
    e.seen.append((15, uuid4(), 1, uuid4()))


def move_the_head(e: Ended) -> None:
    e.head += 1


SPOILT: list[tuple[Callable[[Ended], None], str]] = [
    (lose_the_last_event, "torn"),
    (lose_an_acknowledged_command, "lost"),
    (skip_a_position, "position"),
    (repeat_a_version, "version"),
    (append_twice, "twice"),
    (append_the_refused, "refused"),
    (append_the_refused, "expected"),
    (change_content, "content"),
    (change_the_actor, "content"),
    (change_the_command, "stranger"),
    (go_back_in_time, "time"),
    (break_a_guard, "guard"),
    (acknowledge_elsewhere, "misplaced"),
    (acknowledge_elsewhere, "order"),
    (answer_a_repeat_otherwise, "two answers"),
    (refuse_what_was_acknowledged, "two answers"),
    (forget_an_answer, "result"),
    (keep_a_wrong_answer, "result"),
    (keep_an_answer_of_nobody, "result"),
    (let_a_reader_skip, "reader"),
    (let_a_reader_repeat, "reader"),
    (let_a_reader_stop, "reader"),
    (let_a_reader_see_what_is_not_there, "reader"),
    (move_the_head, "head"),
]


@pytest.mark.parametrize(("spoil", "kind"), SPOILT, ids=[f"{s.__name__}: {k}" for s, k in SPOILT])
def test_what_is_wrong_is_found(ended: Ended, spoil: Callable[[Ended], None], kind: str) -> None:
    spoil(ended)
    assert kind in ended.found().counts


def test_a_torn_last_line_of_a_journal_was_never_acted_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("run") / "journal"
    journal = Journal(path)
    journal.intend(DEEDS[0])
    journal.note(Answered(DEEDS[0].command_id, "ack", 0))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert [type(line) for line in read(path)] == [Intended]
