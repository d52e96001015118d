"""Whatever several people do at once in several processes, going back included: the log folds, and caches tell it."""

import asyncio
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.messages import BranchProject, Command, MergeBranch, Redo, RestoreProject, Undo
from domain.block import Block, BlockEvent
from domain.project import Project, ProjectEvent
from tests.support.past import changing, deck, shown
from tests.support.scenario import PROJECT, World, shared_deck

KEY = UUID("4f6e0a51-8c0e-4f43-9a3c-5f1f2b8f6a10")
BRANCH = uuid5(KEY, "ada\nproject")
PROCESSES = 3

going_back: st.SearchStrategy[Command] = st.one_of(
    st.just(Undo(project_id=PROJECT)),
    st.just(Redo(project_id=PROJECT)),
    st.builds(Undo, project_id=st.just(PROJECT), position=st.integers(1, 60)),
    st.builds(RestoreProject, project_id=st.just(PROJECT), to_position=st.integers(4, 60)),
    st.just(MergeBranch(project_id=PROJECT, branch_id=BRANCH)),
    st.just(Undo(project_id=BRANCH)),
)
posts = st.tuples(
    st.integers(0, PROCESSES - 1),
    st.sampled_from(["ada", "edna"]),
    st.one_of(
        st.lists(changing(), min_size=1, max_size=3),
        st.lists(changing(BRANCH), min_size=1, max_size=2),
        st.lists(going_back, min_size=1, max_size=1),
        st.lists(going_back, min_size=1, max_size=1),
        st.lists(st.one_of(going_back, changing()), min_size=2, max_size=3),
    ),
)


@settings(deadline=None, max_examples=120)
@given(st.lists(st.lists(posts, min_size=1, max_size=4), min_size=2, max_size=12))
async def test_the_log_folds_and_caches_tell_it(rounds: list[list[tuple[int, str, list[Command]]]]) -> None:
    world = World()
    await world.given(*shared_deck())
    await world.run(BranchProject(project_id=PROJECT), key=KEY)
    processes = [world.process() for _ in range(PROCESSES)]

    for posted in rounds:
        outcomes = await asyncio.gather(
            *(processes[p].run(*c, user=user, batch=len(c) > 1) for p, user, c in posted)
        )
        assert {o.status for o in outcomes} <= {200, 201, 403, 404, 409, 422}

    versions: dict[UUID, list[Block | Project]] = {}
    for position, r in enumerate(world.log.events, 1):
        states = versions.setdefault(r.event.originator_id, [])
        assert (r.position, r.event.originator_version) == (position, len(states) + 1)
        if isinstance(r.event, BlockEvent):
            known = states[-1] if states else None
            assert known is None or isinstance(known, Block)
            states.append(Block.evolve(known, r.event))
        elif isinstance(r.event, ProjectEvent):
            before = states[-1] if states else None
            assert before is None or isinstance(before, Project)
            states.append(Project.evolve(before, r.event))
    for project in (PROJECT, BRANCH):
        blocks = deck(world, project).blocks
        assert all(b.parent_id is None or b.parent_id in blocks for b in blocks.values())
        assert len(shown(world, project).ids) == len(set(shown(world, project).ids))
        for process in processes:
            assert (await process.repository.project(project)).state in versions[project]
            for block in blocks:
                cached = (await process.repository.block(project, block)).state
                assert cached == versions[block][cached.version - 1]
