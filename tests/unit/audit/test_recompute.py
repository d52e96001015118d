from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from infra.audit import verify
from infra.audit.findings import Kind
from infra.audit.merkle import root_of_heads
from infra.audit.parallel import Task, _scan, split
from infra.audit.rows import RawRow
from infra.audit.verify import Recomputed, recompute

Make = Callable[..., bytes]
Shift = Callable[..., RawRow]
Log = Callable[[list[RawRow]], Any]


def found(done: Recomputed, kind: Kind) -> int | None:
    first = done.findings.of(kind)
    assert first is not None, done.findings
    return first.position


@pytest.fixture(params=[1, 2, 3, 5])
def verified(
    request: pytest.FixtureRequest, log: Log, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Recomputed]:
    """Verifies rows in one part, or in several; the parts are not put into processes."""

    def parts(source: Any, cuts: Any, progress: Any, _: Any) -> list[Any]:
        return [
            _scan(Task(source, span, tuple(cuts)), progress) for span in split(source.whole, request.param)
        ]

    monkeypatch.setattr(verify, "scan_all", parts)
    return lambda rows, **more: recompute(log(rows), **more)


def test_what_nobody_touched_verifies(verified: Callable[..., Recomputed], rows: list[RawRow]) -> None:
    done = verified(rows)
    assert not done.findings
    assert (done.events, done.first, done.last, done.streams) == (18, 1, 18, 3)


def test_roots_are_of_the_heads_as_of_a_position(
    verified: Callable[..., Recomputed], rows: list[RawRow]
) -> None:
    cuts = [2, 9, 11, 18]
    done = verified(rows, cuts=cuts)
    for cut in cuts:
        heads = {event[:16]: event[16:24] + digest for event, digest in rows[:cut]}
        assert done.roots[cut] == (root_of_heads(heads), len(heads))


@pytest.mark.parametrize("position", [1, 2, 3, 9, 10, 18])
@pytest.mark.parametrize("at", [32, 50, 71, 80, 88, -1])
def test_a_changed_byte(
    verified: Callable[..., Recomputed], rows: list[RawRow], position: int, at: int
) -> None:
    event, digest = rows[position - 1]
    changed = bytearray(event)
    changed[at] ^= 1
    rows[position - 1] = bytes(changed), digest
    done = verified(rows)
    assert found(done, "changed") == position
    assert done.findings.counts["changed"] == 1


@pytest.mark.parametrize("position", [1, 9, 18])
def test_a_changed_hash(verified: Callable[..., Recomputed], rows: list[RawRow], position: int) -> None:
    rows[position - 1] = rows[position - 1][0], bytes(32)
    done = verified(rows)
    assert found(done, "changed") == position


@pytest.mark.parametrize("position", range(1, 18))
def test_a_deleted_event(verified: Callable[..., Recomputed], rows: list[RawRow], position: int) -> None:
    del rows[position - 1]
    assert found(verified(rows), "deleted") == position


@pytest.mark.parametrize("position", [1, 4, 8, 10, 17])
def test_a_deleted_event_with_all_that_follows_moved_up(
    verified: Callable[..., Recomputed], rows: list[RawRow], shift: Shift, position: int
) -> None:
    done = verified(rows[: position - 1] + [shift(row, position=-1) for row in rows[position:]])
    assert found(done, "deleted") == position


@pytest.mark.parametrize("position", [1, 4, 8, 10, 17, 18])
@pytest.mark.parametrize("digest", [None, bytes(32)])
def test_an_inserted_event_with_all_that_follows_moved_down(  # noqa: PLR0917
    verified: Callable[..., Recomputed],
    rows: list[RawRow],
    shift: Shift,
    make: Make,
    position: int,
    digest: bytes | None,
) -> None:
    event = make(99, 1, position)
    new = event, digest or sha256(event).digest()
    done = verified([*rows[: position - 1], new, *(shift(row, position=1) for row in rows[position - 1 :])])
    assert found(done, "inserted") == position
    assert not done.findings.counts["changed"]


def test_an_event_inserted_into_a_stream_with_its_versions_moved(
    verified: Callable[..., Recomputed], rows: list[RawRow], shift: Shift, make: Make
) -> None:
    event = make(1, 3, 8)
    later = [shift(r, position=1, version=int(r[0][:16] == UUID(int=1).bytes)) for r in rows[7:]]
    done = verified([*rows[:7], (event, sha256(rows[4][1] + event).digest()), *later])
    assert found(done, "inserted") == 8


def test_a_position_that_is_there_twice(
    verified: Callable[..., Recomputed], rows: list[RawRow], make: Make
) -> None:
    event = make(99, 1, 8)
    assert found(verified([*rows, (event, sha256(event).digest())]), "inserted") == 8


@pytest.mark.parametrize(("a", "b"), [(8, 9), (8, 11), (1, 2), (1, 4), (9, 10), (3, 18), (15, 18)])
def test_events_that_changed_places(
    verified: Callable[..., Recomputed], rows: list[RawRow], shift: Shift, a: int, b: int
) -> None:
    rows[a - 1], rows[b - 1] = shift(rows[a - 1], position=b - a), shift(rows[b - 1], position=a - b)
    done = verified(rows)
    assert found(done, "reordered") in (a, b)
    assert not done.findings.counts["changed"]


def test_versions_that_changed_places(
    verified: Callable[..., Recomputed], rows: list[RawRow], shift: Shift
) -> None:
    rows[7], rows[10] = shift(rows[10], position=-3, version=-1), shift(rows[7], position=3, version=1)
    assert found(verified(rows), "reordered") == 8


def test_one_event_moved_far_along(
    verified: Callable[..., Recomputed], rows: list[RawRow], shift: Shift
) -> None:
    last = shift(rows[17], position=-13)
    done = verified([*rows[:4], last, *(shift(r, position=1) for r in rows[4:17])])
    assert found(done, "reordered") == 5


def test_time_that_runs_backwards(verified: Callable[..., Recomputed], rows: list[RawRow]) -> None:
    event = bytearray(rows[8][0])
    event[64:72] = (0).to_bytes(8, "big")
    rows[8] = bytes(event), rows[8][1]
    assert found(verified(rows), "reordered") == 9


def test_a_log_that_is_all_wrong_is_told_in_bounded_memory(
    verified: Callable[..., Recomputed], make: Make
) -> None:
    done = verified([(make(i, 1, i + 1), bytes(32)) for i in range(3_000)])
    assert done.findings.counts["changed"] + done.undiagnosed == 3_000
    assert len(done.findings.listed()) == 10
    assert found(done, "changed") == 1


def test_what_begins_after_a_position_is_not_all_anchored(
    verified: Callable[..., Recomputed], rows: list[RawRow]
) -> None:
    done = verified(rows[7:], after=7)
    assert not done.findings
    assert done.unanchored == 3
    assert found(verified(rows[7:]), "deleted") == 1
