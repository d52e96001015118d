"""Branching a project, and merging a branch back."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

from commands.answers import Decision
from commands.context import Context
from commands.handlers.branch_merging import BranchMerging
from commands.handlers.deciding import recorded, told
from commands.handlers.moments import (
    deck_at,
    deck_now,
    document_of,
    require_room,
    require_unchanged,
    require_writable,
)
from commands.messages import BranchProject, MergeBranch
from commands.ports import EventQuery
from commands.steps import is_undone, step_at
from commands.unit_of_work import StreamState
from domain.block import BlockAdded
from domain.documents import Deck
from domain.errors import Invalid, NotFound
from domain.project import (
    BranchMerged,
    Project,
    ProjectBranched,
    ProjectCreated,
    ProjectRenamed,
    ThemeApplied,
)
from domain.roles import Role

TITLE_LENGTH = 200
SUFFIX = " (branch)"


async def branch(command: BranchProject, context: Context) -> Decision:
    """Copy what is shown at a position into a new project of the caller's."""
    if command.at_position is None:
        require_unchanged(command.project_id, context)
        deck = await deck_now(command.project_id, context)
    else:
        deck = await deck_at(command.project_id, command.at_position, context, "at_position")
    origin = document_of(deck)
    project_id = context.new_id("project")
    created = Project.create(
        project_id,
        title=command.title or origin.title[: TITLE_LENGTH - len(SUFFIX)].rstrip() + SUFFIX,
        owner=context.caller.user,
        aspect=origin.aspect,
        theme_id=origin.theme_id,
    )
    # Last, so that its position is that of the whole copy: the base of a later merge.
    branched = ProjectBranched(
        originator_id=project_id,
        originator_version=2,
        origin_project_id=str(command.project_id),
        origin_position=deck.position,
    )
    blocks = list(_copies(deck, project_id))
    context.work.begin_project(project_id)
    await recorded(project_id, [created, *blocks], context)
    require_writable(context, "project_id")
    streams = context.record(project_id, [branched])
    result = {"project_id": str(project_id), "origin_position": deck.position, "blocks": len(blocks)}
    return Decision(project_id, streams, result=result)


def _copies(deck: Deck, project_id: UUID) -> Iterator[BlockAdded]:
    for block in deck.shown():
        yield BlockAdded(
            originator_id=uuid5(project_id, str(block.block_id)),
            originator_version=1,
            project_id=str(project_id),
            parent_id=str(uuid5(project_id, str(block.parent_id))) if block.parent_id else None,
            type=block.type,
            rank=block.rank,
            content=block.content,
            origin_block_id=str(block.block_id),
        )


async def merge(command: MergeBranch, context: Context) -> Decision:
    """Merge what a branch has changed since it was taken, or last merged, into the project."""
    work = context.work
    project = await work.project(command.project_id)
    branched = await _branch_of(project, command.branch_id, context)
    require_unchanged(project.id, context)
    require_unchanged(branched.id, context, "branch_id")
    outline = await work.outline(project.id)
    since = await _last_merged(project, branched, context)
    base = await work.deck(branched.id, since.branch) or Deck()
    mine, theirs = await deck_now(branched.id, context), await deck_now(project.id, context)
    if not _differ(base, mine):
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    merging = BranchMerging(context, project.id, base, mine, theirs)
    await merging.run()
    blocks = await recorded(project.id, merging.events, context)
    require_room(outline, "branch_id")
    require_writable(context, "branch_id")
    await _merge_document(project, since.project, base, mine, context)
    project = await work.project(project.id)
    marker = BranchMerged(
        originator_id=project.id,
        originator_version=project.version + 1,
        branch_project_id=str(branched.id),
        branch_position=mine.position,
    )
    last = context.record(project.id, [marker])
    result = {
        "branch_position": mine.position,
        "blocks": len(blocks),
        "conflicts": len(merging.conflicts),
    }
    return Decision(project.id, last, "merged", told(merging.conflicts), result)


async def _branch_of(project: Project, branch_id: UUID, context: Context) -> Project:
    """Return a branch of a project.

    Raises:
        Invalid: it is none, or the caller may not see it; which of these does not show.
    """
    try:
        branched = await context.work.project(branch_id)
        branched.authorize(context.caller.user, Role.VIEWER)
    except NotFound:
        branched = project
    if branched.origin_id != project.id or branched.id == project.id:
        raise Invalid.at("branch_id", "is no branch of this project that you can see")
    return branched


@dataclass(frozen=True, slots=True)
class _Merged:
    """Up to which position of the branch it was merged, and which position of the project has that."""

    branch: int
    project: int


async def _last_merged(project: Project, branched: Project, context: Context) -> _Merged:
    """Find the last merge of the branch that was not undone; without one, where it was branched."""
    work = context.work
    merges = EventQuery(stream_id=project.id, topics=[BranchMerged.TOPIC], descending=True)
    for found in await work.read(merges):
        event = found.event
        if isinstance(event, BranchMerged) and event.branch_project_id == str(branched.id):
            step = await step_at(work, project.id, found.position)
            if step is None or not await is_undone(work, project.id, step):
                return _Merged(event.branch_position, found.position)
    begun = await work.read(EventQuery(stream_id=branched.id, topics=[ProjectBranched.TOPIC]), 1)
    return next(
        _Merged(r.position, r.event.origin_position) for r in begun if isinstance(r.event, ProjectBranched)
    )


def _differ(base: Deck, mine: Deck) -> bool:
    """Tell whether a branch has changed in what is merged; comments, members and the like are not."""
    was, now = document_of(base), document_of(mine)
    if (was.title, was.theme_id) != (now.title, now.theme_id):
        return True
    for block_id, block in mine.blocks.items():
        before = base.blocks.get(block_id)
        if before is None:
            if not block.deleted:
                return True
        elif (before.content, before.parent_id, before.rank, before.deleted) != (
            block.content,
            block.parent_id,
            block.rank,
            block.deleted,
        ):
            return True
    return False


async def _merge_document(project: Project, since: int, base: Deck, mine: Deck, context: Context) -> None:
    """Take over a title or a theme that only the branch has changed."""
    work = context.work
    was, now = document_of(base), document_of(mine)
    if was.title != now.title:
        event = await _last(project, [ProjectCreated.TOPIC, ProjectRenamed.TOPIC], since, context)
        if isinstance(event, ProjectCreated | ProjectRenamed) and event.title == project.title:
            context.record(project.id, project.rename(now.title))
    project = await work.project(project.id)
    if was.theme_id != now.theme_id:
        event = await _last(project, [ProjectCreated.TOPIC, ThemeApplied.TOPIC], since, context)
        if isinstance(event, ProjectCreated | ThemeApplied) and event.theme_id == project.theme_id:
            context.record(project.id, project.apply_theme(now.theme_id))


async def _last(project: Project, topics: list[str], position: int, context: Context) -> object:
    """Return the last of a project's events of these topics up to a position."""
    query = EventQuery(project_id=project.id, topics=topics, to=position, descending=True)
    found = await context.work.read(query, 1)
    return found[0].event if found else None
