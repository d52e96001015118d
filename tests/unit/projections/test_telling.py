"""How events reach readers: as history, live, and by which partition."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import public_event
from projections.history import ndjson
from projections.live import live_item, routed
from projections.partitions import partition_of
from tests.support.making import added, created, recorded, renamed

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")


def test_history_is_a_line_of_json_an_event() -> None:
    events = [recorded(created(PROJECT, "A\nB"), 1), recorded(renamed(PROJECT, 2, "\u2028é"), 2)]

    lines = ndjson([public_event(e) for e in events]).split(b"\n")

    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == [public_event(e) for e in events]
    assert ndjson([]) == b""


def test_a_live_event_is_the_event_of_history_with_its_type() -> None:
    event = recorded(added(BLOCK, PROJECT, "slide"), 7, project=PROJECT)

    item = live_item(event)

    assert json.loads(item.message) == {"type": "event", **public_event(event)}
    assert json.loads(item.event) == public_event(event)
    assert item.event + b"\n" == ndjson([public_event(event)])
    assert (item.position, item.project_id, item.stream_id, item.kind) == (7, PROJECT, BLOCK, "block")


def test_a_live_event_is_the_same_after_its_way_through_a_stream() -> None:
    for event in (
        recorded(added(BLOCK, PROJECT, "slide"), 7, project=PROJECT),
        recorded(created(PROJECT), 8),
    ):
        item = live_item(event)
        assert routed(item.position, item.route, item.message) == item


@pytest.mark.parametrize(
    ("project_id", "crc"),
    [
        ("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11", 389_169_153),
        ("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01", 4_062_988_365),
        ("00000000-0000-0000-0000-000000000000", 3_971_697_493),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", 1_068_746_266),
    ],
)
def test_a_projects_partition_never_changes(project_id: str, crc: int) -> None:
    """Checkpoints and streams are kept by partition: another number would lose events."""
    assert [partition_of(UUID(project_id), n) for n in (1, 4, 7, 16)] == [0, crc % 4, crc % 7, crc % 16]


@given(st.uuids(), st.integers(1, 64))
def test_a_partition_is_one_of_those_there_are(project_id: UUID, partitions: int) -> None:
    assert 0 <= partition_of(project_id, partitions) < partitions


def test_projects_spread_over_all_partitions() -> None:
    assert {partition_of(UUID(int=i), 4) for i in range(50)} == {0, 1, 2, 3}
