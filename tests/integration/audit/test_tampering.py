from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

pytestmark = pytest.mark.usefixtures("written")

Attack = Callable[..., None]
STREAM = UUID(int=2 << 96 | 7)
DIGEST = """sha256({previous} || event_fields(originator_id, originator_version, notification_id, project_id,
    command_id, int8send((extract(epoch from recorded_at) * 1000000)::bigint), topic, state, metadata::text))"""
RIGHT = DIGEST.format(
    previous="coalesce((select p.hash from stored_events p where p.originator_id = s.originator_id"
    " and p.originator_version = s.originator_version - 1), ''::bytea)"
)
MOVED_DOWN = (
    "update stored_events set notification_id = -notification_id where notification_id >= 8",
    "update stored_events set notification_id = 1 - notification_id where notification_id < 0",
    "update log_head set position = position + 1",
)
NEW = """insert into stored_events select gen_random_uuid(), 1, topic, state, {position}, project_id,
    gen_random_uuid(), recorded_at, metadata, '\\x00'::bytea from stored_events where notification_id = 7"""


@pytest.mark.parametrize("workers", [1, 2])
def test_what_nobody_touched_verifies(auditor: Any, workers: int) -> None:
    auditor.sign()
    report = auditor.verify(workers=workers)
    assert not report.findings
    assert (report.recomputed.events, report.recomputed.streams, report.roots) == (18, 3, 1)


@pytest.mark.parametrize(
    "change",
    [
        "topic = topic || 'x'",
        'state = \'{"title":"other"}\'',
        "project_id = gen_random_uuid()",
        "command_id = gen_random_uuid()",
        "recorded_at = recorded_at - interval '1 microsecond'",
        'metadata = \'{"actor":{"id":"eve","kind":"person"}}\'',
        "metadata = (metadata::text || ' ')::json",
        "hash = sha256('')",
        "hash = '\\x00'",
    ],
)
@pytest.mark.parametrize("position", [1, 8, 18])
def test_a_changed_column(auditor: Any, attack: Attack, change: str, position: int) -> None:
    attack(f"update stored_events set {change} where notification_id = {position}")
    auditor.finds("changed", position)


def test_a_changed_stream(auditor: Any, attack: Attack) -> None:
    attack("update stored_events set originator_id = gen_random_uuid() where notification_id = 8")
    auditor.finds("deleted", 8)


def test_a_changed_version(auditor: Any, attack: Attack) -> None:
    attack("update stored_events set originator_version = 30 where notification_id = 8")
    auditor.finds("reordered", 8)


@pytest.mark.parametrize("position", [1, 8, 16, 17, 18])
def test_a_deleted_event(auditor: Any, attack: Attack, position: int) -> None:
    attack(f"delete from stored_events where notification_id = {position}")
    auditor.finds("deleted", position)


def test_a_deleted_event_whose_gap_was_closed(auditor: Any, attack: Attack) -> None:
    attack(
        "delete from stored_events where notification_id = 8",
        "update stored_events set notification_id = -notification_id where notification_id > 8",
        "update stored_events set notification_id = -notification_id - 1 where notification_id < 0",
        "update log_head set position = position - 1",
    )
    auditor.finds("deleted", 8)


def test_an_inserted_event_with_all_that_follows_moved(auditor: Any, attack: Attack) -> None:
    attack(*MOVED_DOWN, NEW.format(position=8))
    auditor.finds("inserted", 8)


def test_an_inserted_event_with_a_right_hash(auditor: Any, attack: Attack) -> None:
    attack(
        *MOVED_DOWN,
        NEW.format(position=8),
        f"update stored_events s set hash = {RIGHT} where notification_id = 8",
    )
    report = auditor.finds("inserted", 8)
    assert not report.findings.counts["changed"]


@pytest.mark.parametrize("position", [0, -5, 19, 1_000])
def test_an_event_where_none_can_be(auditor: Any, attack: Attack, position: int) -> None:
    attack(NEW.format(position=position))
    auditor.finds("inserted", position)


def test_an_event_without_a_position(auditor: Any, attack: Attack) -> None:
    attack("alter table stored_events alter notification_id drop not null", NEW.format(position="null"))
    auditor.finds("inserted", None)


def test_a_position_that_is_there_twice(auditor: Any, attack: Attack) -> None:
    attack("drop index stored_events_position", NEW.format(position=8))
    auditor.finds("inserted", 8)


def test_a_forged_event_at_the_end(auditor: Any, attack: Attack) -> None:
    attack(NEW.format(position=19), "update log_head set position = 19")
    auditor.finds("changed", 19)


@pytest.mark.parametrize(("a", "b"), [(8, 9), (8, 11), (1, 18), (17, 18)])
def test_events_that_changed_places(auditor: Any, attack: Attack, a: int, b: int) -> None:
    attack(
        f"update stored_events set notification_id = -notification_id where notification_id in ({a}, {b})",
        f"update stored_events set notification_id = {a + b} + notification_id where notification_id < 0",
    )
    auditor.finds("reordered", a)


def test_versions_that_changed_places(auditor: Any, attack: Attack) -> None:
    attack(
        "update stored_events set originator_version = -originator_version where notification_id in (8, 11)",
        "update stored_events set originator_version = 7 + originator_version where originator_version < 0",
    )
    auditor.finds("reordered", 8)


def test_a_tail_that_was_cut_off(auditor: Any, attack: Attack) -> None:
    cut = (
        "delete from stored_events where notification_id > 12",
        "update log_head set position = 12",
    )
    auditor.sign()
    attack(*cut)
    report = auditor.finds("truncated", 13)
    assert report.findings.counts["truncated"] == 6


def test_a_tail_that_was_cut_off_with_its_checkpoints(auditor: Any, attack: Attack) -> None:
    auditor.sign()
    attack(
        "delete from stored_events where notification_id > 12",
        "update log_head set position = 12",
        "delete from log_checkpoints",
    )
    report = auditor.finds("truncated", 13)
    assert report.findings.of("checkpoint").number == 1


def test_the_head_set_back_in_time(auditor: Any, attack: Attack) -> None:
    attack("update log_head set recorded_at = recorded_at - interval '1 hour'")
    auditor.finds("head", 18)


def test_one_project_alone(auditor: Any, attack: Attack) -> None:
    project = STREAM
    assert auditor.verify(project=project).recomputed.events == 6
    assert not auditor.verify(project=project).findings
    attack("update stored_events set state = 'x' where notification_id = 7")
    assert not auditor.verify(project=project).findings
    attack("update stored_events set state = 'x' where notification_id = 8")
    first = auditor.verify(project=project).findings.of("changed")
    assert (first.position, first.stream, first.version) == (8, project, 3)


def test_an_event_deleted_from_one_project(auditor: Any, attack: Attack) -> None:
    attack("delete from stored_events where notification_id = 8")
    first = auditor.verify(project=STREAM).findings.of("deleted")
    assert (first.position, first.version) == (11, 3)
