"""What an embedded server may take of the machine's memory, or its container's, and of its disk."""

from pathlib import Path

import pytest

from infra.embedded.sizes import MB, buffers, journal, memory_here, room_at


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(0.5, 128), (2, 128), (4, 256), (12, 768), (64, 1_024)])
def test_buffers_are_a_share_within_bounds(gigabytes: float, megabytes: int) -> None:
    assert buffers(int(gigabytes * 1_024 * MB)) == megabytes


def test_a_container_with_less_than_the_machine_counts(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    machine = memory_here(limit)
    assert machine > 256 * MB
    limit.write_text(f"{256 * MB}\n")
    assert memory_here(limit) == 256 * MB
    for unlimited in ("max\n", f"{2**62}\n"):
        limit.write_text(unlimited)
        assert memory_here(limit) == machine


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(1, 1_024), (16, 1_024), (32, 2_048), (500, 4_096)])
def test_the_journal_is_a_share_within_bounds(gigabytes: int, megabytes: int) -> None:
    assert journal(gigabytes * 1_024 * MB) == megabytes


def test_there_is_as_much_room_for_a_folder_to_come_as_where_it_will_be(tmp_path: Path) -> None:
    assert room_at(tmp_path / "not" / "there") == pytest.approx(room_at(tmp_path), rel=0.1)
    assert room_at(tmp_path) > 0
