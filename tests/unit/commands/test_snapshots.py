"""Snapshots save reading and change no answer."""

import logging
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.folding import Loaded
from commands.ports import Snapshot
from commands.repository import Repository
from commands.snapshots import BLOCKS, PROJECTS
from domain.errors import NotFound
from tests.support.making import added, deleted, edited, granted, renamed
from tests.support.memory_snapshots import InMemorySnapshots
from tests.support.scenario import PROJECT, SLIDE, TEXT, World

EVERY = 5


@pytest.fixture
def snapshots(world: World) -> InMemorySnapshots:
    return InMemorySnapshots(world.log)


@pytest.fixture
def repository(world: World, snapshots: InMemorySnapshots) -> Repository:
    return Repository(world.log, world.clock, snapshots=snapshots, snapshot_every=EVERY)


@pytest.fixture
async def long(world: World) -> None:
    """The text block has 12 events, the project 16."""
    await world.given(*(edited(TEXT, v, text=f"T{v}") for v in range(2, 13)))
    await world.given(*(renamed(PROJECT, v, f"P{v}") for v in range(5, 17)))


def last(world: World, stream: UUID) -> int:
    return max(r.position for r in world.log.events if r.event.originator_id == stream)


async def test_a_short_stream_is_read_once_and_asks_for_no_snapshot(
    world: World, repository: Repository, snapshots: InMemorySnapshots
) -> None:
    reads: list[UUID] = []
    world.log.on_read = reads.append

    assert (await repository.block(PROJECT, TEXT)).state == world.block(TEXT)

    assert (reads, snapshots.asked, snapshots.offered) == ([TEXT], [], [])


@pytest.mark.usefixtures("long")
async def test_a_long_stream_without_a_snapshot_is_read_whole_and_gets_one(
    world: World, repository: Repository, snapshots: InMemorySnapshots
) -> None:
    assert await repository.block(PROJECT, TEXT) == Loaded(world.block(TEXT), last(world, TEXT))
    assert await repository.project(PROJECT) == Loaded(world.project(), last(world, PROJECT))

    taken = [(s.stream_id, s.version, s.kind, s.position) for s in snapshots.offered]
    assert taken == [
        (TEXT, 12, "block", last(world, TEXT)),
        (PROJECT, 16, "project", last(world, PROJECT)),
    ]


@pytest.mark.usefixtures("long")
async def test_a_snapshot_stands_for_the_events_before_it(
    world: World, repository: Repository, snapshots: InMemorySnapshots
) -> None:
    await repository.block(PROJECT, TEXT)
    await repository.project(PROJECT)
    snapshots.offered.clear()
    await world.given(
        edited(TEXT, 13, text="later"), deleted(TEXT, 14), granted(PROJECT, 17, "gus", "viewer")
    )
    # So that nothing but the snapshot can have told what was before.
    world.log.events[:] = [
        replace(r, event=edited(TEXT, r.event.originator_version, text="forgotten"))
        if r.event.originator_id == TEXT and 1 < r.event.originator_version < 12
        else r
        for r in world.log.events
    ]
    cold = Repository(world.log, world.clock, snapshots=snapshots, snapshot_every=EVERY)

    block, project = await cold.block(PROJECT, TEXT), await cold.project(PROJECT)

    assert block == Loaded(world.block(TEXT), last(world, TEXT))
    assert project == Loaded(world.project(), last(world, PROJECT))
    assert snapshots.offered == []


@pytest.mark.usefixtures("long")
async def test_the_same_comes_back_when_all_snapshots_are_deleted(
    world: World, repository: Repository, snapshots: InMemorySnapshots
) -> None:
    await repository.block(PROJECT, TEXT)
    await repository.project(PROJECT)
    with_them = Repository(world.log, world.clock, snapshots=snapshots, snapshot_every=EVERY)
    answers = (await with_them.block(PROJECT, TEXT), await with_them.project(PROJECT))
    snapshots.kept.clear()
    without = Repository(world.log, world.clock, snapshots=snapshots, snapshot_every=EVERY)

    assert (await without.block(PROJECT, TEXT), await without.project(PROJECT)) == answers


BROKEN: list[dict[str, Any]] = [
    {"schema": 99},
    {"kind": "project"},
    {"state": {}},
    {"state": []},
    {"state": {"project_id": 7}},
    {"position": 3},
    {"version": 40},
    {"version": 2},
]


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("change", BROKEN, ids=str)
async def test_a_snapshot_that_cannot_be_used_is_passed_over(
    world: World,
    repository: Repository,
    snapshots: InMemorySnapshots,
    change: dict[str, Any],
) -> None:
    await repository.block(PROJECT, TEXT)
    good = snapshots.kept.pop((TEXT, 12))
    wrong = replace(good, **{"state": {**good.state, "content": {"text": "wrong"}}, **change})
    snapshots.kept[TEXT, wrong.version] = wrong
    cold = Repository(world.log, world.clock, snapshots=snapshots, snapshot_every=EVERY)

    assert (await cold.block(PROJECT, TEXT)).state == world.block(TEXT)


@pytest.mark.parametrize("field", ["project_id", "type", "parent_id", "rank", "content", "deleted"])
def test_every_broken_field_of_a_block_is_noticed_and_told(
    caplog: pytest.LogCaptureFixture, field: str
) -> None:
    state = {
        "project_id": str(PROJECT),
        "type": "text",
        "parent_id": None,
        "rank": "a0",
        "content": {},
        "deleted": False,
    }
    assert BLOCKS.pick([Snapshot(TEXT, 7, "block", 1, 9, state)]) is not None
    for wrong in ({**state, field: 7.5}, {k: v for k, v in state.items() if k != field}):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert BLOCKS.pick([Snapshot(TEXT, 7, "block", 1, 9, wrong)]) is None
        assert str(TEXT) in caplog.text


@pytest.mark.parametrize(
    "field", ["title", "aspect", "theme_id", "members", "archived", "origin_id", "versions"]
)
def test_every_broken_field_of_a_project_is_noticed(field: str) -> None:
    state: dict[str, Any] = {
        "title": "T",
        "aspect": "4:3",
        "theme_id": None,
        "members": {"a": "owner"},
        "archived": False,
        "origin_id": None,
        "versions": 0,
    }
    assert PROJECTS.pick([Snapshot(PROJECT, 7, "project", 2, 9, state)]) is not None
    for wrong in ({**state, field: 7.5}, {k: v for k, v in state.items() if k != field}):
        assert PROJECTS.pick([Snapshot(PROJECT, 7, "project", 2, 9, wrong)]) is None
    assert PROJECTS.pick([Snapshot(PROJECT, 7, "project", 2, 9, {**state, "members": {"a": "king"}})]) is None


def test_an_older_snapshot_of_a_known_schema_is_used_if_a_newer_one_is_not_known() -> None:
    state = {
        "project_id": str(PROJECT),
        "type": "text",
        "parent_id": str(SLIDE),
        "rank": "a0",
        "content": {},
        "deleted": True,
    }
    newer = Snapshot(TEXT, 9, "block", 2, 11, {"anything": 1})
    older = Snapshot(TEXT, 7, "block", 1, 9, state)

    found = BLOCKS.pick([newer, older])

    assert found is not None
    assert (found.state.version, found.state.parent_id, found.state.deleted, found.position) == (
        7,
        SLIDE,
        True,
        9,
    )


async def test_a_block_that_is_written_past_a_multiple_gets_a_snapshot_each_time(
    world: World, repository: Repository, snapshots: InMemorySnapshots
) -> None:
    loaded = await repository.block(PROJECT, TEXT)
    block = loaded.state
    for version in range(2, 12):
        await world.given(edited(TEXT, version, text=str(version)))
        block = replace(block, version=version, content={"text": str(version)})
        repository.committed([Loaded(block, last(world, TEXT))], [])
    assert [s.version for s in snapshots.offered] == [5, 10]
    assert list(snapshots.kept) == [(TEXT, 10)]


async def test_a_batch_that_jumps_over_a_multiple_takes_one_snapshot(
    world: World, repository: Repository, snapshots: InMemorySnapshots
) -> None:
    project = (await repository.project(PROJECT)).state
    await world.given(*(renamed(PROJECT, v, f"P{v}") for v in range(5, 14)))

    repository.committed([], [Loaded(replace(project, version=13, title="P13"), last(world, PROJECT))])

    assert [(s.version, s.state["title"]) for s in snapshots.offered] == [(13, "P13")]


async def test_snapshots_do_not_make_a_block_of_what_is_none(world: World, repository: Repository) -> None:
    await world.given(*(renamed(PROJECT, v, f"P{v}") for v in range(5, 17)))

    with pytest.raises(NotFound):
        await repository.block(PROJECT, PROJECT)
    with pytest.raises(NotFound):
        await repository.block(uuid4(), TEXT)


async def test_a_block_in_memory_costs_no_read(world: World, repository: Repository) -> None:
    await repository.block(PROJECT, TEXT)
    reads: list[UUID] = []
    world.log.on_read = reads.append

    for _ in range(10):
        await repository.block(PROJECT, TEXT)

    assert reads == []


async def test_what_weighs_too_much_is_dropped_though_it_is_few(world: World) -> None:
    small = Repository(world.log, world.clock, cache_bytes=40_000)
    blocks = [uuid4() for _ in range(6)]
    await world.given(*(added(b, PROJECT, parent=SLIDE, content={"text": "x" * 6_000}) for b in blocks))
    reads: list[UUID] = []
    world.log.on_read = reads.append

    for b in (*blocks, blocks[0], blocks[-1]):
        await small.block(PROJECT, b)

    assert reads == [*blocks, blocks[0]]
