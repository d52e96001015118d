"""Commands on a project as a whole."""

from collections.abc import Sequence

from commands.answers import Decision
from commands.context import Context
from commands.handlers.theme import require_usable
from commands.messages import (
    ArchiveProject,
    CreateProject,
    GrantAccess,
    LeaveProject,
    NameVersion,
    RenameProject,
    RevokeAccess,
    TransferOwnership,
    UnarchiveProject,
)
from commands.ports import EventQuery
from commands.unit_of_work import StreamState
from domain.errors import Invalid
from domain.project import Project, ProjectEvent
from domain.roles import Role


async def create(command: CreateProject, context: Context) -> Decision:
    """Start a project that the caller owns."""
    await require_usable(command.theme_id, context)
    project_id = command.project_id or context.new_id("project")
    event = Project.create(
        project_id,
        title=command.title,
        owner=context.caller.user,
        aspect=command.aspect,
        theme_id=str(command.theme_id) if command.theme_id else None,
    )
    context.work.begin_project(project_id)
    return Decision(project_id, context.record(project_id, [event]))


async def rename(command: RenameProject, context: Context) -> Decision:
    """Change the title."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.rename(command.title), context)


async def grant(command: GrantAccess, context: Context) -> Decision:
    """Make a user a member."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.grant(command.user, Role.of(command.role)), context)


async def revoke(command: RevokeAccess, context: Context) -> Decision:
    """End a membership."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.revoke(command.user), context)


async def transfer(command: TransferOwnership, context: Context) -> Decision:
    """Make another member an owner in the caller's place."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.transfer(context.caller.user, command.user), context)


async def leave(command: LeaveProject, context: Context) -> Decision:
    """End the caller's own membership."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.leave(context.caller.user), context)


async def name_version(command: NameVersion, context: Context) -> Decision:
    """Give a past state a name."""
    project = await context.work.project(command.project_id)
    position = await _named_position(command, context)
    version_id = context.new_id("version")
    streams = context.record(project.id, project.name_version(version_id, command.name, position))
    return Decision(project.id, streams, result={"version_id": str(version_id), "position": position})


async def archive(command: ArchiveProject, context: Context) -> Decision:
    """Make the project read-only."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.archive(), context)


async def unarchive(command: UnarchiveProject, context: Context) -> Decision:
    """Make the project editable again."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.unarchive(), context)


async def _named_position(command: NameVersion, context: Context) -> int:
    """Return the position to name: the one asked for, or that of the project's last event in the log.

    Raises:
        Invalid: the project has no state there.
    """
    work, project_id = context.work, command.project_id
    if command.position is None:
        if work.changes(project_id):
            raise Invalid.at("position", "is required after changes in the same batch, which have none yet")
        latest = await work.read(EventQuery(project_id=project_id, descending=True), 1)
        if not latest:
            raise Invalid.at("position", "is required: the log holds no event of the project now")
        return latest[0].position
    begun = await work.read(EventQuery(stream_id=project_id, to=1), 1)
    if not begun:
        raise Invalid.at("position", "names no state: the log holds no event of the project now")
    if command.position < (first := begun[0].position):
        raise Invalid.at("position", f"is before the project's first event, {first}", first)
    # Any position of the log will do, such as the one as of which the client has read the project.
    [head] = await work.read(EventQuery(descending=True), 1)
    if command.position > head.position:
        raise Invalid.at("position", f"is ahead of the log, which is at {head.position}", head.position)
    return command.position


def _decided(project: Project, events: Sequence[ProjectEvent], context: Context) -> Decision:
    if not events:
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    return Decision(project.id, context.record(project.id, events))
