"""A guard holds against what goes in front of it in its own batch, too."""

import asyncio
from uuid import uuid4

from logs import added, created, one, opened, request

from commands.ports import Appended, StructureChanged
from infra.settings import Settings


async def test_a_change_of_structure_before_it_in_the_batch_is_seen(settings: Settings) -> None:
    project, first, second = uuid4(), uuid4(), uuid4()
    async with opened(settings) as log:
        await log.append(one(project, 0, created(project)))
        head, _ = await log.head()
        unguarded = request(project, [(first, 0)], [(0, added(project, first))])
        guarded = request(project, [(second, 0)], [(0, added(project, second))], guards=[(project, head)])
        # Both wait when the appender looks, so it takes both.
        outcomes = await asyncio.gather(log.append(unguarded), log.append(guarded))
    assert outcomes == [Appended(head), StructureChanged()]
