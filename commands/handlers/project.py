"""Commands on a project as a whole."""

from collections.abc import Sequence

from commands.answers import Decision
from commands.context import Context
from commands.messages import (
    ArchiveProject,
    CreateProject,
    GrantAccess,
    RenameProject,
    RevokeAccess,
    UnarchiveProject,
)
from commands.unit_of_work import StreamState
from domain.project import Project, ProjectEvent
from domain.roles import Role


async def create(command: CreateProject, context: Context) -> Decision:
    """Start a project that the caller owns."""
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


async def archive(command: ArchiveProject, context: Context) -> Decision:
    """Make the project read-only."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.archive(), context)


async def unarchive(command: UnarchiveProject, context: Context) -> Decision:
    """Make the project editable again."""
    project = await context.work.project(command.project_id)
    return _decided(project, project.unarchive(), context)


def _decided(project: Project, events: Sequence[ProjectEvent], context: Context) -> Decision:
    if not events:
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    return Decision(project.id, context.record(project.id, events))
