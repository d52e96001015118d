"""A release that folds a read model by another version, beside one that does not: the new rows are built beside."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from running import System, system_on
from workload import all_busy

from domain.events import Recorded
from infra.bootstrap import read_models, worker_side
from infra.postgres.rebuilds import Nothing
from infra.settings import Settings
from projections import requests
from projections.model import ReadModel, versions_tag
from projections.partitions import partition_of
from projections.projects.projector import ProjectsModel
from projections.runner import Runner
from workers.rebuilder import Rebuilder
from workers.rebuilding import revert


class Newer(ProjectsModel):
    """The projects model of the next release, whose rows happen to look the same."""

    version = ProjectsModel.version + 1


def next_release() -> tuple[ReadModel, ...]:
    return tuple(Newer() if m.name == "projects" else m for m in read_models())


class Release:
    """The projectors of one release, for one project's partition."""

    def __init__(self, settings: Settings, models: Sequence[ReadModel], project: str) -> None:
        self.side = worker_side(settings)
        self.partition = partition_of(UUID(project), settings.stream_partitions)
        self.runner = Runner(
            models, self.side.database, self.partition, self.side.log, settings.stream_partitions
        )

    async def deliver(self, system: System, after: int) -> int:
        """Have it fold what came after a position, and return where that ends."""
        head = await system.table.head()
        events = await self.side.log.after(after, 10_000, to=head)
        partitions = system.settings.stream_partitions
        mine: list[Recorded] = [e for e in events if partition_of(e.project_id, partitions) == self.partition]
        await self.runner.deliver(mine, head)
        return head


async def checkpoint(system: System, release: Release, model: str) -> tuple[int, int]:
    rows = await system.table.rows(
        "select position, version from projection_checkpoints where model = %s and partition = %s",
        model,
        release.partition,
    )
    return rows[0][0], rows[0][1]


async def test_each_release_folds_what_is_its_own_until_the_new_rows_are_there(settings: Settings) -> None:
    async with system_on(settings) as system:
        deck = await system.person().deck(slides=2, texts=1)
        old = Release(settings, read_models(), deck.id)
        new = Release(settings, next_release(), deck.id)
        await old.side.start()
        await new.side.start()
        try:
            first = await old.deliver(system, 0)
            await deck.change("rename-project", title="While both run")
            second = await new.deliver(system, first)
            # The new release leaves the old rows alone, and goes on with what both fold alike.
            assert await checkpoint(system, new, "projects") == (first, 1)
            assert await checkpoint(system, new, "blocks") == (second, 1)
            await old.deliver(system, first)
            assert await checkpoint(system, old, "projects") == (second, 1)

            rebuilder = Rebuilder(settings, new.side.database, next_release(), asyncio.Event())
            rebuilt = await rebuilder.once()

            assert rebuilt is not None
            assert (rebuilt.models, rebuilt.differing) == (("projects",), 0)
            assert await rebuilder.once() is None
            assert await checkpoint(system, new, "projects") == (second, 2)
            await deck.change("rename-project", title="Swapped")
            third = await old.deliver(system, second)
            assert await checkpoint(system, old, "projects") == (second, 2)
            await new.deliver(system, second)
            assert await checkpoint(system, new, "projects") == (third, 2)
            async with new.side.database.session() as session:
                [request] = await requests.latest(session, 5)
            assert (request.reason, request.state) == (requests.VERSION, "done")
        finally:
            await new.side.stop()
            await old.side.stop()
        title = await system.table.value("select title from project_rows where project_id = %s", deck.id)
        assert title == "Swapped"
        # What the older release's rows were, this one cannot bring back: here it is the older one that tries.
        await system.table.rows("update projection_retired set version = 7 returning 1")
        with pytest.raises(Nothing, match="another version"):
            await revert(settings)


def test_releases_that_fold_alike_share_their_leases() -> None:
    assert versions_tag(read_models()) == versions_tag(reversed(read_models()))
    assert versions_tag(read_models()) != versions_tag(next_release())


async def test_an_interrupted_request_is_taken_by_the_next_worker(settings: Settings) -> None:
    async with system_on(settings) as system:
        await all_busy(system, rounds=1, writers=1)
        side = worker_side(settings)
        await side.start()
        try:
            async with side.database.session() as session:
                asked = await requests.ask(session, ["blocks"], reason=requests.OPERATOR, by="root")
                assert asked is not None
                assert await requests.ask(session, ["jobs"], reason=requests.OPERATOR, by="eve") is None
                # A worker began it, and was killed.
                assert await requests.take(session) is not None
            rebuilder = Rebuilder(settings, side.database, read_models(), asyncio.Event())
            rebuilt = await rebuilder.once()
            assert rebuilt is not None
            assert rebuilt.models == ("blocks",)
            async with side.database.session() as session:
                [request] = await requests.latest(session, 5)
                assert (request.state, request.result["differing"]) == ("done", rebuilt.differing)
                assert await requests.ask(session, ["jobs"], reason=requests.OPERATOR, by="eve") is not None
        finally:
            await side.stop()
